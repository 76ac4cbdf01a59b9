package dev.sluice.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A real Kafka broker, its own controller, in a process of its own on this machine; so it can be killed and suspended
 * as a real one can, and leaves neither state nor log lines in this JVM.
 *
 * <p>Ports and data stay the same over all its restarts. The process ends with this JVM, however that ends. Topics are
 * not created by themselves; internal topics have one partition. Thread-safe: operations take place one after another.
 *
 * <p>{@link #suspend()} and {@link #resume()} need a POSIX shell.
 */
public final class SandboxBroker implements AutoCloseable {
    private final BrokerSettings settings;
    private final ServerProperties server;
    private final Path folder;
    private @Nullable BrokerProcess process;
    private @Nullable ProcessSuspension suspension;

    private SandboxBroker(BrokerSettings settings, ServerProperties server, Path folder) {
        this.settings = settings;
        this.server = server;
        this.folder = folder;
    }

    /** Starts a plain text broker on a free port with temporary data; takes about 3 s. */
    public static SandboxBroker start() {
        return start(BrokerSettings.defaults());
    }

    /**
     * Starts a broker and returns when it serves clients.
     *
     * @throws BrokerStartException if the folder can't be written, the broker ends, or it isn't ready in time
     */
    public static SandboxBroker start(BrokerSettings settings) {
        ServerProperties server = ServerProperties.onPort(settings.port());
        SandboxBroker broker = new SandboxBroker(settings, server, folder(settings.dataFolder()));
        try {
            broker.writeServerProperties();
            broker.startAgain();
            return broker;
        } catch (RuntimeException failure) {
            broker.deleteTemporaryFolder();
            throw failure;
        }
    }

    private static Path folder(@Nullable Path dataFolder) {
        try {
            return dataFolder == null
                    ? Files.createTempDirectory("sluice-broker-")
                    : Files.createDirectories(dataFolder).toAbsolutePath();
        } catch (IOException failure) {
            throw new BrokerStartException("can't create the broker's data folder " + dataFolder, failure);
        }
    }

    private void writeServerProperties() {
        Properties properties = new Properties();
        properties.putAll(server.of(settings, folder.resolve("data")));
        try (var writer = Files.newBufferedWriter(serverProperties())) {
            properties.store(writer, "Written by SandboxBroker at every start");
        } catch (IOException failure) {
            throw new BrokerStartException("can't write to the broker's data folder " + folder, failure);
        }
    }

    private Path serverProperties() {
        return folder.resolve("server.properties");
    }

    /** What clients set as {@code bootstrap.servers}; the same for the whole life of this object. */
    public String bootstrapServers() {
        return "localhost:" + server.port();
    }

    /** The broker's own log: its warnings and errors, over all restarts. */
    public Path log() {
        return folder.resolve("broker.log");
    }

    /**
     * The running broker's process id; another one after every start.
     *
     * @throws IllegalStateException if it isn't running
     */
    public synchronized long pid() {
        return running().pid();
    }

    /** Whether the process exists, suspended or not. */
    public synchronized boolean isRunning() {
        return process != null && process.isAlive();
    }

    /**
     * Completes when the life that is running now has ended, with the end of its log.
     *
     * @throws IllegalStateException if it isn't running
     */
    synchronized CompletableFuture<String> ended() {
        BrokerProcess life = running();
        return life.ended().thenApply(exited -> life.tail());
    }

    /** Shuts the broker down in an orderly way and returns when it has ended; a suspended one is resumed for that. */
    public synchronized void stop() {
        if (isRunning()) {
            resume();
            running().terminate();
        }
    }

    /** Kills the broker (SIGKILL), suspended or not, and returns when it is gone. */
    public synchronized void kill() {
        if (isRunning()) {
            running().kill();
        }
        resume();
    }

    /**
     * Starts a stopped or killed broker on the same ports and data.
     *
     * @throws IllegalStateException if it is running
     * @throws BrokerStartException as {@link #start(BrokerSettings)}
     */
    public synchronized void startAgain() {
        if (isRunning()) {
            throw new IllegalStateException("the broker is running as process " + pid());
        }
        BrokerProcess next = BrokerProcess.launch(serverProperties(), log(), settings.jvmOptions());
        process = next;
        next.awaitReady(settings.startTimeout());
    }

    /** {@link #stop()}, then {@link #startAgain()}. */
    public synchronized void restart() {
        stop();
        startAgain();
    }

    /**
     * Holds the broker still (SIGSTOP): connections stay open and nobody answers. Without effect on a suspended one.
     *
     * @throws IllegalStateException if it isn't running
     */
    public synchronized void suspend() {
        if (suspension == null) {
            suspension = ProcessSuspension.of(pid());
        }
    }

    /** Lets a suspended broker go on (SIGCONT); without effect on one that isn't suspended. */
    public synchronized void resume() {
        if (suspension != null) {
            suspension.release();
            suspension = null;
        }
    }

    /** Ends the broker: one with a data folder by {@link #stop()}, one with temporary data by force, data included. */
    @Override
    public synchronized void close() {
        if (settings.dataFolder() != null) {
            stop();
        } else {
            kill();
            deleteTemporaryFolder();
        }
    }

    private BrokerProcess running() {
        if (process == null || !process.isAlive()) {
            throw new IllegalStateException("the broker is not running; see startAgain()");
        }
        return process;
    }

    private void deleteTemporaryFolder() {
        if (settings.dataFolder() != null || !Files.exists(folder)) {
            return;
        }
        try (Stream<Path> tree = Files.walk(folder)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException("can't delete the broker's temporary folder " + folder, failure);
        }
    }
}
