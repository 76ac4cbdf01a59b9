package dev.sluice.trials.bench;

import dev.sluice.sandbox.BrokerSettings;
import dev.sluice.sandbox.SandboxBroker;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.trials.CommittedReader;
import dev.sluice.trials.GroupOffsets;
import dev.sluice.trials.JavaProgram;
import dev.sluice.trials.PolledCondition;
import dev.sluice.trials.SluiceJar;
import dev.sluice.trials.StartedParts;
import dev.sluice.trials.WorkerProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntConsumer;

/**
 * A running broker, a stand-in for the API, the topics, a publisher and a reader of replies. Workers are started on
 * demand. {@link #close} ends all of it, at any time and from any thread.
 */
final class BenchRig implements AutoCloseable {
    static final int PARTITIONS = 12;
    /** The heap of a worker whose memory is measured. */
    static final String HEAP = "-Xmx256m";

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final long TERMINATION_SECONDS = 60;

    private final SluiceJar jar;
    private final RequestTimes times;
    private final StartedParts parts = new StartedParts(ScenarioRunner::say);
    private final List<WorkerProcess> processes = new ArrayList<>();
    private final List<MetricsScraper> scrapers = new ArrayList<>();
    private final String bootstrapServers;
    private final TogetherStandIn api;
    private final NumberedPublisher publisher;
    private final GroupOffsets offsets;

    BenchRig(SluiceJar jar, RequestTimes times, int partitions, StandInSettings settings, BrokerSettings broker)
            throws IOException, InterruptedException {
        this.jar = jar;
        this.times = times;
        Runtime.getRuntime().addShutdownHook(new Thread(parts::close, "bench-stop"));
        try {
            bootstrapServers = parts.add(SandboxBroker.start(broker)).bootstrapServers();
            api = parts.add(TogetherStandIn.start(settings, 0, times));
            jar.createTopics(bootstrapServers, partitions);
            parts.add(new CommittedReader(bootstrapServers, List.of(SluiceJar.TOPICS.replies()), times::replied))
                    .start();
            publisher = parts.add(new NumberedPublisher(bootstrapServers, partitions, times));
            offsets = parts.add(new GroupOffsets(bootstrapServers));
        } catch (Throwable e) {
            parts.close();
            throw e;
        }
    }

    String bootstrapServers() {
        return bootstrapServers;
    }

    TogetherStandIn api() {
        return api;
    }

    NumberedPublisher publisher() {
        return publisher;
    }

    GroupOffsets offsets() {
        return offsets;
    }

    RequestTimes times() {
        return times;
    }

    /** Adds partitions to the input topics. */
    void widen(int partitions) throws InterruptedException {
        jar.createTopics(bootstrapServers, partitions);
    }

    /** Starts the next worker without a limit. Its API key is its number, 1 for the first. */
    WorkerProcess worker(String... options) {
        List<String> all = new ArrayList<>(List.of("--limit=*=none"));
        all.addAll(List.of(options));
        return pacedWorker(all);
    }

    /** Starts the next worker with the limits that the options name. */
    WorkerProcess pacedWorker(List<String> options) {
        List<String> all =
                new ArrayList<>(List.of("--bootstrap-servers=" + bootstrapServers, "--base-url=" + api.baseUrl()));
        all.addAll(options);
        if (options.stream().noneMatch(option -> option.startsWith("--admin-port"))) {
            all.add("--admin-port=0");
        }
        String number = nextNumber();
        return started(jar.startWorker("worker-" + number, number, all));
    }

    /** Starts that many workers and waits until each of them has its share of the partitions. */
    List<WorkerProcess> pacedWorkers(int count, List<String> options) throws InterruptedException {
        List<WorkerProcess> workers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            workers.add(pacedWorker(options));
        }
        PolledCondition.await(count + " workers share the partitions", PATIENCE, () -> offsets.isSharedBy(count));
        return workers;
    }

    /** Starts a worker whose metrics are scraped. */
    WorkerProcess scrapedWorker(String... options) {
        MetricsScraper scraper = parts.add(MetricsScraper.start());
        scrapers.add(scraper);
        List<String> all = new ArrayList<>(List.of(options));
        all.add("--admin-port=" + scraper.port());
        return worker(all.toArray(String[]::new));
    }

    /** Starts an HTTP door on a free port and waits until it listens. */
    StartedDoor gateway(String... options) throws InterruptedException {
        List<String> all = new ArrayList<>(List.of("--bootstrap-servers=" + bootstrapServers, "--port=0"));
        all.addAll(List.of(options));
        WorkerProcess door = started(jar.startGateway("gateway", all));
        PolledCondition.await("the door", PATIENCE, () -> address(door).isPresent());
        return new StartedDoor(door, address(door).orElseThrow());
    }

    /** An HTTP door that listens. */
    record StartedDoor(WorkerProcess process, String baseUrl) {}

    /** Returns the base URL that a door prints once it listens. */
    private static Optional<String> address(WorkerProcess door) {
        return door.log().stream().filter(line -> line.startsWith("http://")).findFirst();
    }

    /** Starts another program in the place of a worker. */
    WorkerProcess program(JavaProgram program, List<String> arguments) {
        String number = nextNumber();
        return started(jar.start(program, "worker-" + number, number, arguments));
    }

    private String nextNumber() {
        return Integer.toString(processes.size() + 1);
    }

    private WorkerProcess started(WorkerProcess process) {
        parts.add(process::kill);
        processes.add(process);
        return process;
    }

    /**
     * Starts a steady load that calls {@code publish} with the place of each request in the load.
     *
     * @see SteadyLoad
     */
    SteadyLoad load(int perSecond, IntConsumer publish) {
        return parts.add(new SteadyLoad(perSecond, publish)).start();
    }

    /** @throws IllegalStateException if a scraped worker has never answered: nothing was observed then */
    void requireScraped() throws InterruptedException {
        PolledCondition.await(
                "metrics of the worker", PATIENCE, () -> scrapers.stream().allMatch(MetricsScraper::isAnswered));
    }

    /** Waits until a request that is published now has its reply. */
    void awaitServing() throws InterruptedException {
        int probe = publisher.publish(0);
        PolledCondition.await("the first reply", PATIENCE, () -> times.replies(probe) > 0);
    }

    /** Waits until every request has its reply. */
    void awaitAnswers(Duration bound) throws InterruptedException {
        PolledCondition.await("a reply to every request", bound, times::isAnswered);
    }

    /** Waits for the first call and returns its time by the clock of the stand-in. */
    long firstCall() throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        if (!holdsBefore(deadline, () -> api.calls() > 0)) {
            throw new IllegalStateException("no call within " + PATIENCE + "; see " + jar.logs());
        }
        return api.history().get(0).nanoTime();
    }

    /** Waits until all is answered. Returns false if that takes longer than so many seconds after {@code start}. */
    boolean waitForAnswers(long start, long seconds) throws InterruptedException {
        return waitFor(start, seconds, times::isAnswered);
    }

    /** Waits for the condition. Returns false if that takes longer than so many seconds after {@code start}. */
    boolean waitFor(long start, long seconds, PolledCondition condition) throws InterruptedException {
        return holdsBefore(start + TimeUnit.SECONDS.toNanos(seconds), condition);
    }

    private boolean holdsBefore(long deadline, PolledCondition condition) throws InterruptedException {
        return PolledCondition.holdsWithin(Duration.ofNanos(deadline - System.nanoTime()), () -> {
            // a run without its worker would wait for the whole bound
            if (processes.stream().anyMatch(WorkerProcess::hasEndedUnasked)) {
                throw new IllegalStateException("a worker has ended by itself; see " + jar.logs());
            }
            return condition.holds();
        });
    }

    /**
     * Kills all workers and returns how many requests they have moved to the overflow topic. What they have deleted
     * there counts with the markers of its transactions.
     */
    long killAndCountMoved() throws InterruptedException {
        for (WorkerProcess process : processes) {
            process.kill();
        }
        LongAdder moved = new LongAdder();
        List<String> overflow = List.of(SluiceJar.TOPICS.overflow());
        offsets.begins(overflow).values().forEach(moved::add);
        CommittedReader reader =
                parts.add(new CommittedReader(bootstrapServers, overflow, record -> moved.increment()));
        reader.start().finish(PATIENCE);
        return moved.sum();
    }

    /** Returns the most memory (RSS) that any of the workers has had so far, in MiB. */
    long peakMib() {
        return processes.stream().mapToLong(WorkerProcess::peakKib).max().orElse(0) / 1_024;
    }

    /** Sends SIGTERM and waits until the worker is gone. */
    static void terminate(WorkerProcess worker) throws InterruptedException {
        if (!worker.terminate(TERMINATION_SECONDS)) {
            throw new IllegalStateException("a worker has not stopped within " + TERMINATION_SECONDS + " s");
        }
    }

    @Override
    public void close() {
        parts.close();
    }
}
