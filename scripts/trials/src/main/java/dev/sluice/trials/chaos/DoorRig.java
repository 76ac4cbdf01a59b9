package dev.sluice.trials.chaos;

import dev.sluice.sandbox.ApiFault;
import dev.sluice.sandbox.FaultRule;
import dev.sluice.sandbox.SandboxBroker;
import dev.sluice.trials.CommittedReader;
import dev.sluice.trials.GroupOffsets;
import dev.sluice.trials.PolledCondition;
import dev.sluice.trials.SluiceJar;
import dev.sluice.trials.StartedParts;
import dev.sluice.trials.chaos.history.HistoryRecorder;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * HTTP doors, workers, a broker and a stand-in for the API, all of them running. {@link #close} ends them. It may be
 * called at any time and from any thread.
 */
final class DoorRig implements AutoCloseable {
    /** The model whose calls are limited. */
    static final String LIMITED = "limited";

    /** The time for which a door that stops lets requests wait, beside that of a stream. */
    private static final Duration DRAIN = Duration.ofSeconds(12);

    /** The most lines of a batch that are on the queue, with which {@code submit} is compared. */
    private static final int BATCH_WINDOW = 10_000;

    private static final int PARTITIONS = 8;
    private static final int WORKERS = 2;
    private static final int DOORS = 2;
    private static final Duration START_BOUND = Duration.ofMinutes(1);
    private static final List<String> JVM_OPTIONS = List.of("-Xmx192m", "-XX:+ExitOnOutOfMemoryError");

    private final StartedParts parts;
    private final HistoryRecorder recorder = new HistoryRecorder(Clock.systemUTC());
    private final List<DoorSlot> doors = new ArrayList<>();
    private final int perSecond;
    private final Duration drain;
    private final Path files;
    private final List<SluiceJar> releases;
    private final SandboxBroker broker;
    private final WorkerFleet workers;
    private final Set<String> queued = ConcurrentHashMap.newKeySet();
    private final List<CommittedReader> readers = new ArrayList<>();

    /**
     * Starts everything and waits until the doors listen and the workers have joined their group.
     *
     * @param jars the releases that doors and workers are of, the earlier one first. One that takes the place of
     *     another is of the other release.
     * @param folder the folder for all logs
     * @param perSecond the limit of {@link #LIMITED}
     * @param stream the time that a streamed answer takes
     * @param say takes sentences about what happens
     */
    DoorRig(List<Path> jars, Path folder, long seed, int perSecond, Duration stream, Consumer<String> say)
            throws IOException, InterruptedException {
        this.perSecond = perSecond;
        this.drain = DRAIN.plus(stream);
        this.files = folder.resolve("files");
        this.parts = new StartedParts(say);
        try {
            this.broker = parts.add(SandboxBroker.start());
            ChaosApi api = parts.add(new ChaosApi(seed, recorder));
            api.add(FaultRule.always(
                    ApiFault.parse("pace=" + StreamedEcho.gap(stream).toMillis() + "ms")));
            this.releases = jars.stream()
                    .map(jar -> new SluiceJar(jar, JVM_OPTIONS, folder))
                    .toList();
            for (SluiceJar release : releases) {
                release.createTopics(broker.bootstrapServers(), PARTITIONS);
            }
            readQueue();
            this.workers = parts.add(new WorkerFleet(releases, workerOptions(api), recorder));
            startAll();
        } catch (Throwable e) {
            parts.close();
            throw e;
        }
    }

    private void readQueue() {
        Topics topics = SluiceJar.TOPICS;
        readers.add(new CommittedReader(
                broker.bootstrapServers(),
                List.of(topics.doorReplies(), topics.replies(), topics.dead()),
                record -> recorder.ending(EndingParser.parse(record, recorder.now()))));
        readers.add(new CommittedReader(
                broker.bootstrapServers(),
                topics.fromProducers(),
                record -> addQueued(
                        WireHeaders.text(record.headers(), WireHeaders.ID).orElse(""))));
        readers.forEach(reader -> parts.add(reader).start());
    }

    /** Leaves out the lines of batches, whose replies go elsewhere. A batch that has ended has one for each. */
    private void addQueued(String id) {
        if (!id.startsWith("batch_")) {
            queued.add(id);
        }
    }

    /**
     * Waits until the workers have dealt with all that is queued, stops them, and reads what they have written.
     *
     * @param bound the longest time for each of these; what is not done then is for the checks
     * @return the ids of all requests that were queued
     */
    Set<String> finish(Duration bound) throws InterruptedException {
        try (GroupOffsets offsets = new GroupOffsets(broker.bootstrapServers())) {
            List<String> inputs = SluiceJar.TOPICS.inputs();
            boolean unused = PolledCondition.holdsWithin(
                    bound, () -> offsets.uncommitted(offsets.ends(inputs)).isEmpty());
        }
        workers.terminate();
        for (CommittedReader reader : readers) {
            reader.finish(bound);
        }
        return Set.copyOf(queued);
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

    private void startAll() throws IOException, InterruptedException {
        List<String> options = List.of(
                "--bootstrap-servers=" + broker.bootstrapServers(),
                "--drain-timeout=" + drain.toSeconds() + "s",
                "--max-batch-lines=1000000",
                "--files-dir=" + files);
        for (int i = 1; i <= DOORS; i++) {
            DoorSlot door = new DoorSlot(i, releases, options);
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

    /** Runs a file of requests with {@code submit}, and returns the seconds that it takes. */
    double submit(Path file) throws InterruptedException {
        long began = System.nanoTime();
        SluiceJar newest = releases.get(releases.size() - 1);
        int exitCode = newest.submit(
                        file, List.of("--bootstrap-servers=" + broker.bootstrapServers(), "--window=" + BATCH_WINDOW))
                .exit()
                .join();
        if (exitCode != 0) {
            throw new IllegalStateException("submit has exited with " + exitCode);
        }
        return (System.nanoTime() - began) / 1e9;
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

    /** Returns the time for which a door that stops lets requests wait. */
    Duration drain() {
        return drain;
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
