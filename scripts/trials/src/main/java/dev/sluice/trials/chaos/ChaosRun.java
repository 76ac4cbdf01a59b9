package dev.sluice.trials.chaos;

import dev.sluice.sandbox.BrokerSettings;
import dev.sluice.sandbox.SandboxCluster;
import dev.sluice.trials.CommittedReader;
import dev.sluice.trials.GroupOffsets;
import dev.sluice.trials.PolledCondition;
import dev.sluice.trials.RequestPublisher;
import dev.sluice.trials.SluiceJar;
import dev.sluice.trials.StartedParts;
import dev.sluice.trials.chaos.check.CheckBounds;
import dev.sluice.trials.chaos.history.HistoryRecorder;
import dev.sluice.trials.chaos.history.RunHistory;
import dev.sluice.trials.chaos.plan.ChaosPlan;
import dev.sluice.trials.chaos.plan.RequestMix;
import dev.sluice.wire.WireHeaders;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * One run, from the start of the brokers to the last check of what is left. {@link #close} ends everything that the run
 * has started. It may be called at any time and from any thread.
 */
final class ChaosRun implements AutoCloseable {
    private static final List<String> WORKER_OPTIONS = List.of(
            "--limit=*=200/s",
            "--max-in-flight=64",
            "--read-ahead=" + CheckBounds.READ_AHEAD,
            "--call-timeout=10s",
            "--drain-timeout=6s");
    private static final List<String> JVM_OPTIONS =
            List.of("-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError");
    private static final long PROGRESS_SECONDS = 5;
    private static final Duration START_BOUND = Duration.ofMinutes(3);
    private static final Duration JOIN_BOUND = Duration.ofMinutes(1);
    private static final Duration END_BOUND = Duration.ofSeconds(30);

    private final ChaosPlan plan;
    private final int brokers;
    private final Path folder;
    private final ProgressLines progress;
    private final HistoryRecorder recorder = new HistoryRecorder(Clock.systemUTC());
    private final StartedParts parts = new StartedParts(this::say);

    /** @param folder the folder for all logs */
    ChaosRun(ChaosPlan plan, int brokers, Path folder, PrintWriter out) {
        this.plan = plan;
        this.brokers = brokers;
        this.folder = folder;
        this.progress = new ProgressLines(out);
    }

    /**
     * Runs the plan and returns what happened.
     *
     * @param jars the releases that the workers are of, the earlier one first. A worker that takes the place of another
     *     is of the other release.
     */
    RunHistory run(List<Path> jars) throws IOException, InterruptedException {
        KafkaProxy proxy = parts.add(new KafkaProxy());
        SandboxCluster cluster = parts.add(SandboxCluster.start(brokers, brokerSettings(), proxy::inFrontOf));
        String servers = cluster.bootstrapServers();
        ChaosApi api = parts.add(new ChaosApi(plan.seed(), recorder));
        say("brokers and API are up");
        List<SluiceJar> releases = jars.stream()
                .map(jar -> new SluiceJar(jar, JVM_OPTIONS, folder))
                .toList();
        for (SluiceJar release : releases) {
            release.createTopics(servers, plan.partitions());
        }
        CommittedReader endings = parts.add(endingReader(servers)).start();
        CommittedReader moves = parts.add(moveReader(servers)).start();
        PlainClient plain = parts.add(new PlainClient(servers, plan.partitions(), recorder::plainRecord));
        WorkerFleet fleet = startWorkers(releases, servers, api);
        BrokerFaults brokerFaults = new BrokerFaults(cluster, parts.add(new ClusterLeadership(servers)), proxy);
        FaultInjector injector = parts.add(
                new FaultInjector(fleet, brokerFaults, api, new WorkerFaults(proxy, recorder), recorder, this::say));
        CountDownLatch faultsOver = injector.start(plan.schedule());
        publish(servers, fleet, faultsOver);
        plain.close();
        stopWorkers(servers, fleet);
        endings.finish(END_BOUND);
        moves.finish(END_BOUND);
        return recorder.history();
    }

    private BrokerSettings brokerSettings() throws IOException {
        BrokerSettings settings =
                BrokerSettings.defaults().withDataFolder(Files.createDirectories(folder.resolve("broker")));
        return brokers == 1
                ? settings
                // Kafka's own times: the others take over while a broker is away, so that nothing waits for its return
                : settings.withJvmOptions("-Xmx256m")
                        // several start at once, and a broker that does not come back would spoil all later faults
                        .withStartTimeout(START_BOUND)
                        .withProperty("initial.broker.registration.timeout.ms", Long.toString(START_BOUND.toMillis()))
                        .withProperty("broker.session.timeout.ms", "9000")
                        .withProperty("broker.heartbeat.interval.ms", "2000");
    }

    private CommittedReader endingReader(String servers) {
        List<String> topics = List.of(SluiceJar.TOPICS.replies(), SluiceJar.TOPICS.dead());
        return new CommittedReader(
                servers, topics, record -> recorder.ending(EndingParser.parse(record, recorder.now())));
    }

    /** Makes a reader of what moves to the overflow topic. Workers delete there what has ended. */
    private CommittedReader moveReader(String servers) {
        return CommittedReader.skippingDeleted(
                servers,
                List.of(SluiceJar.TOPICS.overflow()),
                record -> recorder.moved(
                        WireHeaders.text(record.headers(), WireHeaders.ID).orElse("")));
    }

    private WorkerFleet startWorkers(List<SluiceJar> releases, String servers, ChaosApi api)
            throws InterruptedException {
        List<String> options = new ArrayList<>(WORKER_OPTIONS);
        options.add("--max-attempts=" + plan.maxAttempts());
        options.add("--limit=" + RequestMix.LIMITED + "=" + plan.limitPerSecond() + "/s");
        options.addAll(List.of("--bootstrap-servers=" + servers, "--base-url=" + api.baseUrl()));
        WorkerFleet fleet = parts.add(new WorkerFleet(releases, options, recorder));
        for (int i = 0; i < plan.workers(); i++) {
            fleet.add();
        }
        fleet.awaitJoined(JOIN_BOUND);
        say("the workers have joined");
        return fleet;
    }

    private void publish(String servers, WorkerFleet fleet, CountDownLatch faultsOver) throws InterruptedException {
        ScheduledExecutorService counting = Executors.newSingleThreadScheduledExecutor();
        parts.add(counting::shutdownNow);
        ScheduledFuture<?> unused = counting.scheduleAtFixedRate(
                () -> sayProgress(fleet), PROGRESS_SECONDS, PROGRESS_SECONDS, TimeUnit.SECONDS);
        PlanPublisher publisher = new PlanPublisher(plan, parts.add(new RequestPublisher(servers)), recorder);
        publisher.publishPlan();
        publisher.publishUntilEnded(faultsOver);
        counting.shutdownNow();
    }

    /** Waits until all input is read, as far as it will be, then stops the workers and records the lag they leave. */
    private void stopWorkers(String servers, WorkerFleet fleet) throws InterruptedException {
        GroupOffsets offsets = parts.add(new GroupOffsets(servers));
        List<String> inputs = SluiceJar.TOPICS.inputs();
        boolean unused = PolledCondition.holdsWithin(
                END_BOUND, () -> offsets.uncommitted(offsets.ends(inputs)).isEmpty());
        say("all is read; the workers stop");
        fleet.terminate();
        offsets.uncommitted(offsets.ends(inputs)).forEach((partition, lag) -> recorder.lag(partition.toString(), lag));
    }

    private void sayProgress(WorkerFleet fleet) {
        HistoryRecorder.RunCounts now = recorder.counts();
        say("published %d, ended %d (%d ok), waiting %d; calls %d, %d under way; workers %d"
                .formatted(
                        now.published(),
                        now.ended(),
                        now.ok(),
                        now.waiting(),
                        now.calls(),
                        now.callsUnderWay(),
                        fleet.running()));
    }

    private void say(String what) {
        progress.say(what);
    }

    /** Tells whether {@link #close} was called, so that a failure of the run is only its consequence. */
    boolean isClosed() {
        return parts.isClosed();
    }

    @Override
    public void close() {
        parts.close();
    }
}
