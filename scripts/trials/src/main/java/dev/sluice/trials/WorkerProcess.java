package dev.sluice.trials;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** A worker's process. Thread-safe. */
public final class WorkerProcess {
    /** What was done to it. */
    public enum Asked {
        NOTHING,
        TO_STOP,
        KILLED
    }

    private final Process process;
    private final Path log;
    private final AtomicReference<Asked> asked = new AtomicReference<>(Asked.NOTHING);

    WorkerProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** Why it ended, if it has. */
    public Asked asked() {
        return asked.get();
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Completes with the exit code. */
    public CompletableFuture<Integer> exit() {
        return process.onExit().thenApply(Process::exitValue);
    }

    /** SIGKILL; returns when it is gone. */
    public void kill() throws InterruptedException {
        asked.set(Asked.KILLED);
        process.destroyForcibly().waitFor();
    }

    /** SIGTERM; returns when it is gone, or false, when it is not in time. */
    public boolean terminate(long seconds) throws InterruptedException {
        asked.compareAndSet(Asked.NOTHING, Asked.TO_STOP);
        process.destroy();
        return process.waitFor(seconds, TimeUnit.SECONDS);
    }

    /** SIGKILL for one that was told to stop and did not: its exit code says so. */
    public void abandon() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** SIGSTOP. */
    public void freeze() {
        ProcessSignals.stop(process.toHandle());
    }

    /** SIGCONT. */
    public void thaw() {
        ProcessSignals.proceed(process.toHandle());
    }

    /** All that it has logged. */
    public List<String> log() {
        try {
            return Files.readAllLines(log);
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot read " + log, failure);
        }
    }
}
