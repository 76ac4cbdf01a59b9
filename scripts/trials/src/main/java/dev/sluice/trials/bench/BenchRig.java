package dev.sluice.trials.bench;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.SandboxBroker;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.trials.JavaProgram;
import dev.sluice.trials.WorkerProcess;
import dev.sluice.wire.Topics;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * A broker, a stand-in for the API, the topics and what reads and writes them; workers as they are asked for. All of it
 * ends with {@link #close}, which may be called at any time and from any thread.
 */
final class BenchRig implements AutoCloseable {
    static final Topics TOPICS = new Topics("chat");
    static final String GROUP = "sluice";
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final long PAUSE_MILLIS = 20;
    private static final long TERMINATION_SECONDS = 60;

    private final JavaProgram jar;
    private final Path folder;
    private final RequestTimes ledger;
    private final Deque<AutoCloseable> started = new ArrayDeque<>();
    private final List<WorkerProcess> processes = new ArrayList<>();
    private final List<MetricsScraper> scrapes = new ArrayList<>();
    private boolean closed;

    /** @param folder for logs */
    BenchRig(JavaProgram jar, Path folder, RequestTimes ledger) {
        this.jar = jar;
        this.folder = folder;
        this.ledger = ledger;
    }

    /** What all are connected to. */
    record Ends(String bootstrapServers, TogetherStandIn api, RequestPublisher publisher, CommittedProgress offsets) {}

    Ends open(int partitions, LatencyModel latency) throws IOException, InterruptedException {
        return open(partitions, StandInSettings.DEFAULT.withLatency(latency));
    }

    Ends open(int partitions, StandInSettings settings) throws IOException, InterruptedException {
        String servers = starts(SandboxBroker.start()).bootstrapServers();
        TogetherStandIn api = starts(TogetherStandIn.start(settings, 0, ledger));
        createTopics(servers, partitions);
        starts(new ReplyReader(servers, TOPICS.replies(), partitions, ledger)).start();
        return new Ends(
                servers, api, starts(new RequestPublisher(servers, ledger)), starts(new CommittedProgress(servers)));
    }

    /** Makes the topics, or widens the input topics. */
    void createTopics(String servers, int partitions) throws InterruptedException {
        jar.run(
                folder.resolve("topics.log"),
                List.of("topics", "create", "--partitions=" + partitions, "--bootstrap-servers=" + servers));
    }

    /** Starts the next worker, which is not paced and calls with its number, 1 for the first, as its key. */
    WorkerProcess worker(Ends ends, String... options) {
        List<String> all = new ArrayList<>(List.of("--limit=*=none"));
        all.addAll(List.of(options));
        return pacedWorker(ends, all);
    }

    /** The same, paced as the options say. */
    WorkerProcess pacedWorker(Ends ends, List<String> options) {
        List<String> arguments = new ArrayList<>(List.of(
                "worker",
                "--bootstrap-servers=" + ends.bootstrapServers(),
                "--base-url=" + ends.api().baseUrl()));
        arguments.addAll(options);
        if (options.stream().noneMatch(option -> option.startsWith("--admin-port"))) {
            arguments.add("--admin-port=0");
        }
        return process(jar, arguments);
    }

    /** Starts another program in the place of a worker. */
    WorkerProcess process(JavaProgram program, List<String> arguments) {
        int number = processes.size() + 1;
        WorkerProcess worker = program.start(
                folder.resolve("worker-" + number + ".log"),
                arguments,
                Map.of("TOGETHER_API_KEY", Integer.toString(number)));
        starts(worker::kill);
        processes.add(worker);
        return worker;
    }

    /** Asks whoever is started with this admin port for its metrics, from now on. */
    int scraped() {
        MetricsScraper started = starts(MetricsScraper.start());
        scrapes.add(started);
        return started.port();
    }

    /** @throws IllegalStateException if one of them tells none, also not now: nothing was observed */
    void requireScraped() throws InterruptedException {
        await("metrics of the worker", PATIENCE, () -> scrapes.stream().allMatch(MetricsScraper::isAnswered));
    }

    /** Waits until a request, published now, has got its reply. */
    void awaitServing(Ends ends) throws InterruptedException {
        int probe = ends.publisher().publish(0, 0);
        await("the first reply", PATIENCE, () -> ledger.replies(probe) > 0);
    }

    /**
     * Whether it comes true before {@code deadline}, a {@link System#nanoTime}.
     *
     * @throws IllegalStateException as soon as a worker has ended that nobody has told to
     */
    boolean comesTrueBefore(long deadline, BooleanSupplier holds) throws InterruptedException {
        return comesTrue(Duration.ofNanos(deadline - System.nanoTime()), () -> {
            if (processes.stream().anyMatch(BenchRig::hasFailed)) {
                throw new IllegalStateException("a worker has ended by itself; see " + folder);
            }
            return holds.getAsBoolean();
        });
    }

    private static boolean hasFailed(WorkerProcess worker) {
        return !worker.isAlive() && worker.asked() == WorkerProcess.Asked.NOTHING;
    }

    /** SIGTERM. */
    static void terminate(WorkerProcess worker) throws InterruptedException {
        if (!worker.terminate(TERMINATION_SECONDS)) {
            throw new IllegalStateException("a worker has not stopped within " + TERMINATION_SECONDS + " s");
        }
    }

    static void await(String what, Duration bound, BooleanSupplier holds) throws InterruptedException {
        if (!comesTrue(bound, holds)) {
            throw new IllegalStateException(what + ": not within " + bound);
        }
    }

    static boolean comesTrue(Duration bound, BooleanSupplier holds) throws InterruptedException {
        long until = System.nanoTime() + bound.toNanos();
        while (!holds.getAsBoolean()) {
            if (System.nanoTime() > until) {
                return false;
            }
            Thread.sleep(PAUSE_MILLIS);
        }
        return true;
    }

    synchronized <T extends AutoCloseable> T starts(T part) {
        if (closed) {
            closeQuietly(part);
            throw new IllegalStateException("the bench was stopped");
        }
        started.push(part);
        return part;
    }

    @Override
    public synchronized void close() {
        closed = true;
        while (!started.isEmpty()) {
            closeQuietly(started.pop());
        }
    }

    private static void closeQuietly(AutoCloseable part) {
        try {
            part.close();
        } catch (Exception failure) {
            System.err.println("bench: " + part.getClass().getSimpleName() + " did not end as it should: " + failure);
        }
    }
}
