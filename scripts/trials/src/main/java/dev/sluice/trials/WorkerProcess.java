package dev.sluice.trials;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

/** A worker's process. Thread-safe. */
public final class WorkerProcess {
    /** The end of a process. */
    public enum ProcessEnd {
        /** It ends without a signal from here. */
        UNASKED,
        TERMINATED,
        KILLED
    }

    /** The message with which a worker logs that it has joined its group. */
    private static final String JOINED = "partitions assigned";

    private final Process process;
    private final Path log;
    private final AtomicReference<ProcessEnd> end = new AtomicReference<>(ProcessEnd.UNASKED);

    WorkerProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** Returns how it ended, or how it would have ended by now. */
    public ProcessEnd end() {
        return end.get();
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Returns its peak memory (RSS) in KiB, or 0 if the system does not tell or the process has ended. */
    public long peakKib() {
        try (Stream<String> lines = Files.lines(Path.of("/proc", Long.toString(pid()), "status"))) {
            return lines.filter(line -> line.startsWith("VmHWM"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }

    /** Tells whether it has ended although nothing here has asked for it. */
    public boolean hasEndedUnasked() {
        return !isAlive() && end() == ProcessEnd.UNASKED;
    }

    /** Returns a future of the exit code. */
    public CompletableFuture<Integer> exit() {
        return process.onExit().thenApply(Process::exitValue);
    }

    /** Sends SIGKILL and waits until the process is gone. */
    public void kill() throws InterruptedException {
        end.set(ProcessEnd.KILLED);
        process.destroyForcibly().waitFor();
    }

    /** Sends SIGTERM and returns whether the process is gone within that many seconds. */
    public boolean terminate(long seconds) throws InterruptedException {
        end.compareAndSet(ProcessEnd.UNASKED, ProcessEnd.TERMINATED);
        process.destroy();
        return process.waitFor(seconds, TimeUnit.SECONDS);
    }

    /** Sends SIGKILL to a process that has not followed SIGTERM. Its end still counts as terminated. */
    public void abandon() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Lets the process use the first processor alone. Needs {@code taskset}. */
    public void bindToOneProcessor() {
        ProcessSignals.bind(process.toHandle());
    }

    /** Suspends the process (SIGSTOP). */
    public void freeze() {
        ProcessSignals.stop(process.toHandle());
    }

    /** Resumes the process (SIGCONT). */
    public void thaw() {
        ProcessSignals.resume(process.toHandle());
    }

    /** Returns when the worker joined its group by its own log. Empty if it has not joined yet. */
    public Optional<Instant> joinedAt() {
        return log().stream()
                .filter(line -> line.toLowerCase(Locale.ROOT).contains(JOINED))
                .map(line -> Instant.parse(line.substring(0, line.indexOf(' '))))
                .findFirst();
    }

    /** Returns all lines that the process has logged. */
    public List<String> log() {
        try {
            return Files.readAllLines(log);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + log, e);
        }
    }
}
