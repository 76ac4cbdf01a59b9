package dev.sluice.worker.cli.worker;

import dev.sluice.worker.Worker;
import dev.sluice.worker.WorkerConfig;
import dev.sluice.worker.cli.command.DebugLog;
import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.observe.AdminServer;
import dev.sluice.worker.observe.HealthChecks;
import dev.sluice.worker.observe.Metrics;
import dev.sluice.worker.observe.PrometheusPage;
import dev.sluice.worker.observe.StatusPage;
import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.text.ProgramVersion;
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

/** Runs a worker until the process receives a signal, and drains it then. */
final class WorkerRun {
    private static final Logger LOGGER = LoggerFactory.getLogger(WorkerRun.class);
    /** The time that a busy machine may need beyond the longest time that a worker takes to close. */
    private static final Duration CLOSE_GRACE = Duration.ofSeconds(2);

    private final Worker worker;
    private final Duration closeTimeout;

    private WorkerRun(Worker worker, Duration closeTimeout) {
        this.worker = worker;
        this.closeTimeout = closeTimeout;
    }

    /**
     * Runs the worker and returns the exit code if it ends by itself. After a signal this does not return, because the
     * shutdown hook ends the process.
     *
     * @throws CommandException if the worker cannot start for a reason that a person can fix
     */
    static int untilStopped(WorkerConfig config, AdminOptions adminOptions) throws InterruptedException {
        AtomicReference<@Nullable Worker> started = new AtomicReference<>();
        PrometheusPage metrics = new PrometheusPage(ProgramVersion.current());
        Optional<AdminServer> admin = adminOptions.serve(
                new HealthSinceStart(started),
                Map.of(
                        "/metrics",
                        metrics,
                        "/status",
                        new StatusPage(metrics.metrics(), ProgramVersion.current(), Clock.systemUTC())));
        try (metrics) {
            Worker worker = Worker.start(
                    config, admin.isPresent() ? metrics.metrics() : Metrics.off(), GlobalOpenTelemetry.get());
            started.set(worker);
            return new WorkerRun(
                            worker, Worker.longestClose(config.drainTimeout()).plus(CLOSE_GRACE))
                    .untilEnd();
        } catch (WorkerException e) {
            throw new CommandException(e.getMessage());
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
        if (!removeHook(drain)) {
            // The shutdown hook ends the process. To exit here would wait for the hook, which waits for the worker.
            new CountDownLatch(1).await();
        }
        worker.close();
        return exitCode(failure);
    }

    /** Removes the shutdown hook. Returns false if the process is already stopping. */
    private static boolean removeHook(Thread hook) {
        try {
            return Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            LOGGER.debug("Worker ended while the process is stopping", e);
            return false;
        }
    }

    /**
     * Drains the worker in the shutdown hook, and ends the process. After SIGTERM the JVM itself would exit with 143,
     * which supervisors take for a crash. A drained worker has succeeded, so the hook halts with its own code. The log
     * buffers nothing that this could lose.
     */
    private void drainAndHalt() {
        LOGGER.info("Worker draining: calls under way may end");
        Thread closing = new Thread(worker::close, "drain");
        AtomicBoolean drained = new AtomicBoolean(true);
        closing.setUncaughtExceptionHandler((thread, failure) -> {
            drained.set(false);
            LOGGER.error("Drain failed", failure);
        });
        closing.setDaemon(true);
        closing.start();
        int code = ExitCode.FAILED;
        try {
            closing.join(closeTimeout.toMillis());
            if (closing.isAlive()) {
                LOGGER.atError().addKeyValue("after", closeTimeout).log("Worker not drained in time");
            } else if (drained.get()) {
                code = exitCode(worker.awaitEnd());
            }
        } catch (InterruptedException e) {
            LOGGER.error("Drain interrupted", e);
        }
        Runtime.getRuntime().halt(code);
    }

    private static int exitCode(Optional<Throwable> failure) {
        if (failure.isEmpty()) {
            LOGGER.info("Worker stopped");
            return ExitCode.DONE;
        }
        LOGGER.atError().addKeyValue("reason", failure.get()).log("Worker failed");
        DebugLog.log(failure.get());
        return ExitCode.FAILED;
    }
}
