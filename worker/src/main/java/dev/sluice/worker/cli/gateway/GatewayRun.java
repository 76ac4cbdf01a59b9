package dev.sluice.worker.cli.gateway;

import dev.sluice.ChatQueue;
import dev.sluice.gateway.Gateway;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.KafkaHealth;
import dev.sluice.gateway.batches.BatchLimits;
import dev.sluice.gateway.batches.BatchRunner;
import dev.sluice.gateway.files.BatchStore;
import dev.sluice.gateway.files.FilesConfig;
import dev.sluice.wire.Topics;
import dev.sluice.worker.batch.KafkaBatchQueue;
import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.connection.AdminConnector;
import dev.sluice.worker.cli.connection.KafkaOptions;
import dev.sluice.worker.cli.connection.QueueConnection;
import dev.sluice.worker.cli.options.ConfigFile;
import dev.sluice.worker.observe.ProcessPage;
import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.text.ProgramVersion;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.admin.Admin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a door until the process receives a signal, and drains it then. */
public final class GatewayRun {
    private static final Logger LOG = LoggerFactory.getLogger(GatewayRun.class);
    /** The time that a busy machine may need beyond the drain. */
    private static final Duration CLOSE_GRACE = Duration.ofSeconds(20);

    private final Terminal terminal;
    private final KafkaOptions kafka;
    private final GatewayConfig config;
    private final BatchLimits batches;
    private final Duration drainTimeout;

    GatewayRun(
            Terminal terminal, KafkaOptions kafka, GatewayConfig config, BatchLimits batches, Duration drainTimeout) {
        this.terminal = terminal;
        this.kafka = kafka;
        this.config = config;
        this.batches = batches;
        this.drainTimeout = drainTimeout;
    }

    /**
     * Runs the door. This does not return after a signal, because the shutdown hook ends the process.
     *
     * @throws CommandException if the door cannot start for a reason that a person can fix
     */
    int untilStopped() throws InterruptedException {
        Topics topics = kafka.topics();
        Optional<BatchStore> store = config.files().map(GatewayRun::store);
        if (store.isPresent()) {
            QueueConnection.requireBatches(kafka);
        }
        ChatQueue queue = QueueConnection.openDoor(kafka, config.keysFile().isPresent(), config.maxBodyBytes());
        Admin admin = AdminConnector.connect(kafka);
        KafkaHealth health = new KafkaHealth(admin, List.of(topics.requests(), topics.doorReplies())).start();
        FollowedWorkers workers = new FollowedWorkers(kafka.properties(), topics);
        ProcessPage metrics = new ProcessPage(ProgramVersion.current());
        Gateway gateway;
        try {
            gateway = Gateway.start(config, queue, health, workers, metrics.registry(), metrics::text);
        } catch (IllegalArgumentException e) {
            throw new CommandException(e.getMessage());
        } catch (CompletionException e) {
            throw new CommandException("port " + config.port() + " cannot be had at " + config.address() + " ("
                    + e.getCause().getMessage() + "); choose another with --port or --address");
        }
        Optional<BatchRunner> runner = store.map(opened -> runBatches(opened, topics));
        LOG.atInfo()
                .addKeyValue("address", config.address())
                .addKeyValue("port", gateway.port())
                .log("Gateway listens");
        String scheme = config.tls().isPresent() ? "https" : "http";
        String host = config.address().contains(":") ? "[" + config.address() + "]" : config.address();
        terminal.out().println(scheme + "://" + host + ":" + gateway.port() + "/v1");
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> drainAndHalt(() -> {
                            runner.ifPresent(BatchRunner::close); // first, so that another door goes on at once
                            gateway.drain(drainTimeout);
                            gateway.close();
                            queue.close();
                            health.close();
                            workers.close();
                            admin.close(Duration.ZERO);
                            metrics.close();
                        }),
                        "drain-on-shutdown"));
        new CountDownLatch(1).await();
        return ExitCode.DONE;
    }

    private static BatchStore store(FilesConfig files) {
        try {
            return new BatchStore(files, Clock.systemUTC(), new SecureRandom());
        } catch (IOException e) {
            throw new CommandException("--files-dir " + files.directory() + " cannot be used: " + ConfigFile.reason(e));
        }
    }

    private BatchRunner runBatches(BatchStore store, Topics topics) {
        return BatchRunner.start(
                store,
                directory -> KafkaBatchQueue.open(kafka.properties(), topics, directory, config.maxBodyBytes()),
                batches);
    }

    /** Returns the longest time from a signal to the end of the process. */
    public static Duration longestClose(Duration drainTimeout) {
        return drainTimeout.plus(CLOSE_GRACE);
    }

    /**
     * Closes everything in the shutdown hook, and ends the process. After SIGTERM the JVM itself would exit with 143,
     * which supervisors take for a crash.
     */
    private void drainAndHalt(Runnable close) {
        LOG.info("Gateway draining: requests that wait may have their replies");
        Thread closing = new Thread(close, "drain");
        closing.setDaemon(true);
        closing.start();
        int code = ExitCode.FAILED;
        try {
            closing.join(longestClose(drainTimeout).toMillis());
            if (closing.isAlive()) {
                LOG.error("Gateway not closed in time");
            } else {
                LOG.info("Gateway stopped");
                code = ExitCode.DONE;
            }
        } catch (InterruptedException e) {
            LOG.error("Drain interrupted", e);
        }
        Runtime.getRuntime().halt(code);
    }
}
