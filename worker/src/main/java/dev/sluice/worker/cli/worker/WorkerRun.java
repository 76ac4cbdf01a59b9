package dev.sluice.worker.cli.worker;

import dev.sluice.worker.Worker;
import dev.sluice.worker.WorkerConfig;
import dev.sluice.worker.cli.command.DebugLog;
import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.Version;
import dev.sluice.worker.observe.AdminServer;
import dev.sluice.worker.observe.HealthChecks;
import dev.sluice.worker.observe.Metrics;
import dev.sluice.worker.observe.PrometheusPage;
import dev.sluice.worker.observe.StatusPage;
import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.threads.WorkerException;
import io.opentelemetry.api.GlobalOpenTelemetry;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a worker for as long as the process lives, and lets it drain when the process is told to stop. */
final class WorkerRun {
    private static final Logger LOGGER = LoggerFactory.getLogger(WorkerRun.class);
    /** More than a worker takes to close, by what a busy machine may need to notice. */
    private static final Duration CLOSE_GRACE = Duration.ofSeconds(2);

    private final Worker worker;
    private final Duration patience;

    private WorkerRun(Worker worker, Duration patience) {
        this.worker = worker;
        this.patience = patience;
    }

    /**
     * Returns only where the worker has ended by itself; a signal ends the process.
     *
     * @throws CommandException where the worker cannot start for a reason people can mend
     */
    static int untilStopped(WorkerConfig config, AdminOptions adminOptions) throws InterruptedException {
        AtomicReference<@Nullable Worker> started = new AtomicReference<>();
        PrometheusPage metrics = new PrometheusPage(Version.current());
        Optional<AdminServer> admin = adminOptions.serve(
                new HealthSinceStart(started),
                Map.of(
                        "/metrics",
                        metrics,
                        "/status",
                        new StatusPage(metrics.metrics(), Version.current(), Clock.systemUTC())));
        try (metrics) {
            Worker worker = Worker.start(
                    config, admin.isPresent() ? metrics.metrics() : Metrics.off(), GlobalOpenTelemetry.get());
            started.set(worker);
            return new WorkerRun(
                            worker, Worker.longestClose(config.drainTimeout()).plus(CLOSE_GRACE))
                    .untilEnd();
        } catch (WorkerException refused) {
            throw new CommandException(refused.getMessage());
        } finally {
            admin.ifPresent(AdminServer::close);
        }
    }

    /** Answers probes before there is a worker. A port that is taken is known before the worker joins its group. */
    private record HealthSinceStart(AtomicReference<@Nullable Worker> worker) implements HealthChecks {
        @Override
        public List<String> livenessFailures() {
            Worker started = worker.get();
            return started == null ? List.of() : started.health().livenessFailures();
        }

        @Override
        public List<String> readinessFailures() {
            Worker started = worker.get();
            return started == null
                    ? List.of("the worker starts")
                    : started.health().readinessFailures();
        }

        @Override
        public List<String> warnings() {
            Worker started = worker.get();
            return started == null ? List.of() : started.health().warnings();
        }
    }

    private int untilEnd() throws InterruptedException {
        Thread drain = new Thread(this::drainAndHalt, "drain-on-shutdown");
        Runtime.getRuntime().addShutdownHook(drain);
        Optional<Throwable> failure = worker.awaitEnd();
        if (!withdraw(drain)) {
            // the hook has the last word; exiting here as well would only wait for it
            new CountDownLatch(1).await();
        }
        worker.close();
        return exitCode(failure);
    }

    /** Whether the hook could be taken back: not any more where the process is already stopping. */
    private static boolean withdraw(Thread hook) {
        try {
            return Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException stopping) {
            LOGGER.debug("worker ended while the process is stopping", stopping);
            return false;
        }
    }

    /**
     * The shutdown hook. Left to itself the JVM would exit with 143 after SIGTERM, which supervisors take for a crash:
     * having drained is success, so the hook ends the process with its own code. Nothing is buffered in the log.
     */
    private void drainAndHalt() {
        LOGGER.info("stopping: calls under way may end");
        Thread closing = new Thread(worker::close, "drain");
        AtomicBoolean drained = new AtomicBoolean(true);
        closing.setUncaughtExceptionHandler((thread, failure) -> {
            drained.set(false);
            LOGGER.error("draining failed", failure);
        });
        closing.setDaemon(true);
        closing.start();
        int code = ExitCode.FAILED;
        try {
            closing.join(patience.toMillis());
            if (closing.isAlive()) {
                LOGGER.atError().addKeyValue("after", patience).log("not drained in time, giving up");
            } else if (drained.get()) {
                code = exitCode(worker.awaitEnd());
            }
        } catch (InterruptedException unexpected) {
            LOGGER.error("interrupted while draining", unexpected);
        }
        Runtime.getRuntime().halt(code);
    }

    private static int exitCode(Optional<Throwable> failure) {
        if (failure.isEmpty()) {
            LOGGER.info("stopped");
            return 0;
        }
        LOGGER.atError().addKeyValue("reason", failure.get()).log("worker failed");
        DebugLog.log(failure.get());
        return ExitCode.FAILED;
    }
}
