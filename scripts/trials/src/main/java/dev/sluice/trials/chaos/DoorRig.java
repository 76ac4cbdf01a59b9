package dev.sluice.trials.chaos;

import dev.sluice.sandbox.SandboxBroker;
import dev.sluice.trials.SluiceJar;
import dev.sluice.trials.StartedParts;
import dev.sluice.trials.chaos.history.HistoryRecorder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * HTTP doors, workers, a broker and a stand-in for the API, all of them running. {@link #close} ends them. It may be
 * called at any time and from any thread.
 */
final class DoorRig implements AutoCloseable {
    /** The model whose calls are limited. */
    static final String LIMITED = "limited";

    /** The time for which a door that stops lets requests wait. */
    static final Duration DRAIN = Duration.ofSeconds(12);

    private static final int PARTITIONS = 8;
    private static final int WORKERS = 2;
    private static final int DOORS = 2;
    private static final Duration START_BOUND = Duration.ofMinutes(1);
    private static final List<String> JVM_OPTIONS = List.of("-Xmx192m", "-XX:+ExitOnOutOfMemoryError");

    private final StartedParts parts;
    private final HistoryRecorder recorder = new HistoryRecorder(Clock.systemUTC());
    private final List<DoorSlot> doors = new ArrayList<>();
    private final int perSecond;
    private final Path files;
    private final SandboxBroker broker;
    private final WorkerFleet workers;

    /**
     * Starts everything and waits until the doors listen and the workers have joined their group.
     *
     * @param folder the folder for all logs
     * @param perSecond the limit of {@link #LIMITED}
     * @param say takes sentences about what happens
     */
    DoorRig(Path jar, Path folder, long seed, int perSecond, Consumer<String> say)
            throws IOException, InterruptedException {
        this.perSecond = perSecond;
        this.files = folder.resolve("files");
        this.parts = new StartedParts(say);
        try {
            this.broker = parts.add(SandboxBroker.start());
            ChaosApi api = parts.add(new ChaosApi(seed, recorder));
            SluiceJar sluice = new SluiceJar(jar, JVM_OPTIONS, folder);
            sluice.createTopics(broker.bootstrapServers(), PARTITIONS);
            this.workers = parts.add(new WorkerFleet(sluice, workerOptions(api), recorder));
            startAll(sluice);
        } catch (Throwable e) {
            parts.close();
            throw e;
        }
    }

    private List<String> workerOptions(ChaosApi api) {
        return List.of(
                "--bootstrap-servers=" + broker.bootstrapServers(),
                "--base-url=" + api.baseUrl(),
                "--limit=*=1000/s",
                "--limit=" + LIMITED + "=" + perSecond + "/s",
                "--admin-port=0");
    }

    /** Returns the directory in which the doors store files. */
    Path files() {
        return files;
    }

    private void startAll(SluiceJar sluice) throws IOException, InterruptedException {
        List<String> options = List.of(
                "--bootstrap-servers=" + broker.bootstrapServers(),
                "--drain-timeout=" + DRAIN.toSeconds() + "s",
                "--files-dir=" + files);
        for (int i = 1; i <= DOORS; i++) {
            DoorSlot door = new DoorSlot(i, sluice, options);
            doors.add(door);
            door.start();
            parts.add(door);
        }
        for (int i = 0; i < WORKERS; i++) {
            workers.add();
        }
        for (DoorSlot door : doors) {
            door.awaitListening(START_BOUND);
        }
        workers.awaitJoined(START_BOUND);
    }

    HistoryRecorder recorder() {
        return recorder;
    }

    SandboxBroker broker() {
        return broker;
    }

    WorkerFleet workers() {
        return workers;
    }

    List<DoorSlot> doors() {
        return doors;
    }

    /** Returns the limit of {@link #LIMITED}. */
    int perSecond() {
        return perSecond;
    }

    @Override
    public void close() {
        parts.close();
    }
}
