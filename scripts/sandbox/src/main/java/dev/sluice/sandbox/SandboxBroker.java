package dev.sluice.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A real Kafka broker with its own controller, in a separate process on this machine. It can be killed and suspended
 * like a production broker and leaves neither state nor log lines in this JVM.
 *
 * <p>Ports and data stay the same over all restarts. The process ends when this JVM ends, however that happens. Topics
 * are not created automatically. Internal topics have one partition. The class is thread-safe: operations run one after
 * another.
 *
 * <p>{@link #suspend()} and {@link #resume()} need a POSIX shell, and {@link #fillDisk()} needs Linux.
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

    /** Starts a plain text broker on a free port with temporary data. It takes about 3 s. */
    public static SandboxBroker start() {
        return start(BrokerSettings.defaults());
    }

    /**
     * Starts a broker and returns when it serves clients.
     *
     * @throws BrokerStartException if the folder is not writable, if the broker ends, or if it is not ready in time
     */
    public static SandboxBroker start(BrokerSettings settings) {
        SandboxBroker broker = create(settings, ServerProperties.onPort(settings.port()));
        try {
            broker.startAgain();
            return broker;
        } catch (RuntimeException e) {
            broker.deleteTemporaryFolder();
            throw e;
        }
    }

    /** Creates a broker that {@link #startAgain} starts. */
    static SandboxBroker create(BrokerSettings settings, ServerProperties server) {
        return new SandboxBroker(settings, server, createFolder(settings.dataFolder()));
    }

    private static Path createFolder(@Nullable Path dataFolder) {
        try {
            return dataFolder == null
                    ? Files.createTempDirectory("sluice-broker-")
                    : Files.createDirectories(dataFolder).toAbsolutePath();
        } catch (IOException e) {
            throw new BrokerStartException("can't create the broker's data folder " + dataFolder, e);
        }
    }

    private void writeServerProperties() {
        Properties properties = new Properties();
        properties.putAll(server.of(settings, folder));
        try (var writer = Files.newBufferedWriter(serverProperties())) {
            properties.store(writer, "Written by SandboxBroker at every start");
        } catch (IOException e) {
            throw new BrokerStartException("can't write to the broker's data folder " + folder, e);
        }
    }

    private Path serverProperties() {
        return folder.resolve("server.properties");
    }

    /** Returns the clients' {@code bootstrap.servers}. It stays the same for the life of this object. */
    public String bootstrapServers() {
        return "localhost:" + server.ports().clients();
    }

    /** Returns the broker's id in its cluster. */
    public int nodeId() {
        return server.member().nodeId();
    }

    /** Returns the broker's own log with the warnings and errors of all restarts. */
    public Path log() {
        return folder.resolve("broker.log");
    }

    /**
     * Returns the process id of the running broker. It changes with every start.
     *
     * @throws IllegalStateException if the broker is not running
     */
    public synchronized long pid() {
        return running().pid();
    }

    /** Returns true if the process exists, suspended or not. */
    public synchronized boolean isRunning() {
        return process != null && process.isAlive();
    }

    /**
     * Returns a future that completes with the end of the log when the running process has ended.
     *
     * @throws IllegalStateException if the broker is not running
     */
    synchronized CompletableFuture<String> ended() {
        BrokerProcess current = running();
        return current.ended().thenApply(exited -> current.tail());
    }

    /** Shuts the broker down cleanly and returns when it has ended. A suspended broker is resumed first. */
    public synchronized void stop() {
        if (isRunning()) {
            resume();
            running().terminate();
        }
    }

    /** Kills the broker (SIGKILL), suspended or not, and returns when it has ended. */
    public synchronized void kill() {
        if (isRunning()) {
            running().kill();
        }
        resume();
    }

    /**
     * Starts a stopped or killed broker on the same ports and data.
     *
     * @throws IllegalStateException if the broker is running
     * @throws BrokerStartException as {@link #start(BrokerSettings)}
     */
    public synchronized void startAgain() {
        launch();
        awaitReady();
    }

    /** Starts the process of a broker that is not running. {@link #awaitReady} waits until it serves clients. */
    synchronized void launch() {
        if (isRunning()) {
            throw new IllegalStateException("the broker is running as process " + pid());
        }
        writeServerProperties();
        process = BrokerProcess.launch(serverProperties(), server, log(), settings.jvmOptions());
    }

    synchronized void awaitReady() {
        Objects.requireNonNull(process, "launch() comes first").awaitReady(settings.startTimeout());
    }

    /** Calls {@link #stop()}, then {@link #startAgain()}. */
    public synchronized void restart() {
        stop();
        startAgain();
    }

    /**
     * Suspends the broker (SIGSTOP). Connections stay open, but nothing is answered. A suspended broker stays
     * suspended.
     *
     * @throws IllegalStateException if the broker is not running
     */
    public synchronized void suspend() {
        if (suspension == null) {
            suspension = ProcessSuspension.of(pid());
        }
    }

    /** Resumes a suspended broker (SIGCONT). It has no effect otherwise. */
    public synchronized void resume() {
        if (suspension != null) {
            suspension.release();
            suspension = null;
        }
    }

    /**
     * Lets the broker write nothing more to its disk, as if that were full, until it is started again. Kafka ends such
     * a broker with its next write.
     *
     * @throws IllegalStateException if the broker is not running, or if this machine has no {@code prlimit}
     */
    public synchronized void fillDisk() {
        running().fillDisk();
    }

    /**
     * Ends the broker. With a data folder it calls {@link #stop()}. With temporary data it kills the broker and deletes
     * the data.
     */
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

    /** Deletes all data of a broker that is not running, unless its data has a folder of the user's. */
    void deleteTemporaryFolder() {
        if (settings.dataFolder() != null || !Files.exists(folder)) {
            return;
        }
        try (Stream<Path> tree = Files.walk(folder)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("can't delete the broker's temporary folder " + folder, e);
        }
    }
}
