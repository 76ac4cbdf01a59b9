package dev.sluice.trials.chaos;

import dev.sluice.sandbox.BrokerSettings;
import dev.sluice.sandbox.SandboxBroker;
import dev.sluice.trials.JavaProgram;
import dev.sluice.trials.chaos.history.HistoryRecorder;
import dev.sluice.trials.chaos.history.RunHistory;
import dev.sluice.trials.chaos.plan.ChaosPlan;
import dev.sluice.trials.chaos.plan.PlannedRequest;
import dev.sluice.trials.chaos.plan.RequestMix;
import dev.sluice.wire.Topics;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * One run, from the start of the broker to the last look at what is left. Everything it has started ends with {@link
 * #close}, which may be called at any time and from any thread.
 */
final class ChaosRun implements AutoCloseable {
    private static final Topics TOPICS = new Topics("chat");
    private static final String GROUP = "sluice";
    private static final List<String> WORKER_OPTIONS =
            List.of("worker", "--limit=*=200/s", "--max-in-flight=64", "--call-timeout=10s", "--drain-timeout=6s");
    private static final List<String> JVM_OPTIONS =
            List.of("-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError");
    private static final long TICK_MILLIS = 250;
    private static final long PROGRESS_MILLIS = 5_000;
    /** What has not ended after so long without any other ending of what was planned does not end: twice any backoff. */
    private static final Duration HOPE = Duration.ofSeconds(75);

    private static final Duration FAULT_BOUND = Duration.ofMinutes(2);

    private static final Duration JOIN_BOUND = Duration.ofMinutes(1);
    private static final Duration END_BOUND = Duration.ofSeconds(30);

    private final ChaosPlan plan;
    private final Path folder;
    private final PrintWriter out;
    private final Clock clock = Clock.systemUTC();
    private final HistoryRecorder recorder = new HistoryRecorder();
    private final Deque<AutoCloseable> started = new ArrayDeque<>();
    private final long bornAt = clock.millis();
    private boolean closed;

    /** @param folder for the logs of everything */
    ChaosRun(ChaosPlan plan, Path folder, PrintWriter out) {
        this.plan = plan;
        this.folder = folder;
        this.out = out;
    }

    /** Runs the plan with workers from this jar and tells what happened. */
    RunHistory run(Path workerJar) throws IOException, InterruptedException {
        JavaProgram jar = JavaProgram.sluice(workerJar, JVM_OPTIONS);
        ServerSocket proxySocket = starts(new ServerSocket(0, 1024, InetAddress.getLoopbackAddress()));
        SandboxBroker broker = starts(SandboxBroker.start(BrokerSettings.defaults()
                .withDataFolder(Files.createDirectories(folder.resolve("broker")))
                .withAdvertisedPort(proxySocket.getLocalPort())));
        int brokerPort = Integer.parseInt(broker.bootstrapServers().replaceAll(".*:", ""));
        KafkaProxy proxy = starts(KafkaProxy.inFrontOf(brokerPort, proxySocket));
        String servers = "localhost:" + proxySocket.getLocalPort();
        ChaosApi api = starts(new ChaosApi(plan.seed(), recorder, clock));
        say("broker and API are up");
        jar.run(
                folder.resolve("topics.log"),
                List.of("topics", "create", "--partitions=" + plan.partitions(), "--bootstrap-servers=" + servers));

        EndingReader endings = starts(new EndingReader(servers, TOPICS, plan.partitions(), recorder, clock));
        endings.start();
        List<String> options = new ArrayList<>(WORKER_OPTIONS);
        options.add("--max-attempts=" + plan.maxAttempts());
        options.addAll(List.of("--bootstrap-servers=" + servers, "--base-url=" + api.baseUrl()));
        WorkerFleet fleet = starts(new WorkerFleet(jar, options, folder, recorder, clock));
        for (int i = 0; i < plan.workers(); i++) {
            fleet.add();
        }
        fleet.awaitJoined(JOIN_BOUND);
        say("the workers have joined");
        PatientPublisher publisher = starts(new PatientPublisher(servers, TOPICS.requests(), recorder, clock));
        FaultInjector injector = starts(new FaultInjector(fleet, broker, proxy, api, recorder, clock, this::say));
        CountDownLatch faultsOver = injector.start(plan.schedule());

        try (Progress progress = new Progress(fleet)) {
            progress.start();
            publish(publisher);
            trickle(publisher, faultsOver);
        }
        GroupBacklog backlog = starts(new GroupBacklog(servers, GROUP, TOPICS));
        backlog.awaitEmpty(END_BOUND);
        say("all is read; the workers stop");
        fleet.terminate();
        recorder.lag(backlog.lag());
        endings.finish(END_BOUND);
        return recorder.history(clock.millis());
    }

    private void publish(PatientPublisher publisher) throws InterruptedException {
        long start = clock.millis();
        for (PlannedRequest request : plan.requests()) {
            for (long left = left(start, request); left > 0; left = left(start, request)) {
                Thread.sleep(Math.min(left, TICK_MILLIS));
            }
            publisher.publish(request);
        }
        publisher.flush();
    }

    private long left(long start, PlannedRequest request) {
        return start + request.atMillis() - clock.millis();
    }

    /**
     * Goes on with a few plain requests until all that was planned has ended: a queue that nobody feeds any more shows
     * neither a partition that stands still nor, to a worker, the difference between a request at which the API always
     * fails and an API that is down.
     */
    private void trickle(PatientPublisher publisher, CountDownLatch faultsOver) throws InterruptedException {
        RequestMix more = plan.more();
        int partition = 0;
        int left = Integer.MAX_VALUE;
        long hopeUntil = Long.MAX_VALUE;
        while (left > 0 && clock.millis() < hopeUntil) {
            publisher.publish(more.plain(partition++ % plan.partitions()));
            Thread.sleep(TICK_MILLIS);
            int now = recorder.waiting(plan.requests()) + (int) faultsOver.getCount();
            if (now != left) {
                left = now;
                hopeUntil = clock.millis() + HOPE.toMillis();
            }
        }
        while (recorder.waiting() > left && clock.millis() < hopeUntil) {
            Thread.sleep(TICK_MILLIS);
        }
        publisher.flush();
        if (!faultsOver.await(FAULT_BOUND.toSeconds(), TimeUnit.SECONDS)) {
            throw new IllegalStateException("the faults do not come to an end");
        }
    }

    /** Says every few seconds how far it is. */
    private final class Progress implements AutoCloseable {
        private final Thread thread = new Thread(this::run, "chaos-progress");
        private final WorkerFleet fleet;

        Progress(WorkerFleet fleet) {
            this.fleet = fleet;
            thread.setDaemon(true);
        }

        void start() {
            thread.start();
        }

        private void run() {
            try {
                while (true) {
                    Thread.sleep(PROGRESS_MILLIS);
                    HistoryRecorder.Progress now = recorder.progress();
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
            } catch (InterruptedException over) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void close() {
            thread.interrupt();
        }
    }

    private void say(String what) {
        synchronized (out) {
            out.printf("%6.1f s  %s%n", (clock.millis() - bornAt) / 1e3, what);
            out.flush();
        }
    }

    private synchronized <T extends AutoCloseable> T starts(T part) {
        if (closed) {
            closeQuietly(part);
            throw new IllegalStateException("the run was stopped");
        }
        started.push(part);
        return part;
    }

    /** Whether {@link #close} was called, so that what fails now fails of that. */
    synchronized boolean isClosed() {
        return closed;
    }

    @Override
    public synchronized void close() {
        closed = true;
        while (!started.isEmpty()) {
            closeQuietly(started.pop());
        }
    }

    private void closeQuietly(AutoCloseable part) {
        try {
            part.close();
        } catch (Exception failure) {
            say(part.getClass().getSimpleName() + " did not end as it should: " + failure);
        }
    }
}
