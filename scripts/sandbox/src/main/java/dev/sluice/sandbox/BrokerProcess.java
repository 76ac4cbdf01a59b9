package dev.sluice.sandbox;

import dev.sluice.sandbox.broker.BrokerMain;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A broker's JVM from launch to exit. The class is not thread-safe: {@link SandboxBroker} guards it. */
final class BrokerProcess {
    private static final Duration EXIT_TIMEOUT = Duration.ofSeconds(30);
    private static final int TAIL_LINES = 40;

    private final Process process;
    private final Path log;

    private BrokerProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** Launches the JVM and appends to the log. {@link #awaitReady} waits until the broker serves clients. */
    static BrokerProcess launch(Path serverProperties, ServerProperties server, Path log, List<String> jvmOptions) {
        List<String> options = new ArrayList<>(List.of("-Xmx384m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError"));
        // it lives for a test or two: the optimising compiler would take a third of its processor time
        options.add("-XX:TieredStopAtLevel=1");
        options.addAll(List.of("-Xlog:disable", "-Xlog:all=warning:stderr")); // standard output is the main class's
        options.addAll(jvmOptions);
        try {
            List<String> command = BrokerLibraries.chosen().command(options, serverProperties, server, log);
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
            return new BrokerProcess(process, log);
        } catch (IOException e) {
            throw new BrokerStartException("could not launch the broker's JVM", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BrokerStartException("interrupted while the broker's JVM was launched", e);
        }
    }

    /**
     * Returns when clients are served. If the start fails, it kills the process and throws
     * {@link BrokerStartException}.
     */
    void awaitReady(Duration timeout) {
        CompletableFuture<Boolean> ready = new CompletableFuture<>();
        Thread reader = new Thread(() -> ready.complete(reportsReady()), "broker-ready");
        reader.setDaemon(true);
        reader.start();
        try {
            if (!ready.get(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                throw failed("the broker ended with exit code " + exitCode() + " before it was ready");
            }
        } catch (TimeoutException e) {
            throw failed("the broker was not ready within " + timeout);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed("interrupted while the broker started");
        }
    }

    private boolean reportsReady() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            return lines.lines().anyMatch(BrokerMain.READY::equals);
        } catch (IOException | UncheckedIOException e) {
            return false; // the process was killed meanwhile; awaitReady throws with the end of the log
        }
    }

    // A code above 128 means a signal from outside, which the log does not mention.
    private int exitCode() throws InterruptedException, TimeoutException {
        if (!process.waitFor(EXIT_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new TimeoutException();
        }
        return process.exitValue();
    }

    private BrokerStartException failed(String what) {
        kill();
        return new BrokerStartException(what + "; the end of its log:\n" + tail(), null);
    }

    /** Returns the last lines of the log for a message. */
    String tail() {
        try {
            List<String> lines = Files.readAllLines(log);
            return String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
        } catch (IOException e) {
            return "(cannot be read: " + e + ")";
        }
    }

    long pid() {
        return process.pid();
    }

    /** Returns a future that completes when the process has ended for any reason. */
    CompletableFuture<?> ended() {
        return process.onExit();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Ends the broker cleanly (SIGTERM). */
    void terminate() {
        // Process.destroy() would also close standard input, and BrokerMain would halt at once
        process.toHandle().destroy();
        awaitExit();
    }

    /** Ends the broker without warning (SIGKILL). */
    void kill() {
        process.destroyForcibly();
        awaitExit();
    }

    /** Makes each write fail that would make a file longer. Java takes no notice of the signal that comes with it. */
    void fillDisk() {
        try {
            Process limit = new ProcessBuilder("prlimit", "--pid", Long.toString(pid()), "--fsize=0")
                    .redirectErrorStream(true)
                    .start();
            String output = new String(limit.getInputStream().readAllBytes(), Charset.defaultCharset());
            if (limit.waitFor() != 0) {
                throw new IllegalStateException("prlimit has failed: " + output);
            }
        } catch (IOException e) {
            throw new IllegalStateException("could not run prlimit", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitExit() {
        try {
            if (!process.waitFor(EXIT_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                throw new IllegalStateException(
                        "the broker did not end within " + EXIT_TIMEOUT + " of its signal; see " + log);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
