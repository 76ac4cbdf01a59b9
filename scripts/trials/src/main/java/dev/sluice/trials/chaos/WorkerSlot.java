package dev.sluice.trials.chaos;

import dev.sluice.trials.SluiceJar;
import dev.sluice.trials.WorkerProcess;
import dev.sluice.trials.chaos.history.HistoryRecorder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A slot in which one worker process runs after another. Thread-safe. */
final class WorkerSlot implements AutoCloseable {
    /** Longer than a worker takes to stop, which is its drain timeout and 20 s. */
    private static final long TERMINATION_SECONDS = 60;

    private static final long RESTART_SECONDS = 1;

    private final int number;
    private final List<SluiceJar> releases;
    private final List<String> options;
    private final HistoryRecorder recorder;
    private int lives;
    private boolean closed;
    private @Nullable WorkerProcess process;
    private volatile CompletableFuture<Void> recorded = CompletableFuture.completedFuture(null);

    /** @param releases the releases that the processes of this slot are of, by turns */
    WorkerSlot(int number, List<SluiceJar> releases, List<String> options, HistoryRecorder recorder) {
        this.number = number;
        this.releases = List.copyOf(releases);
        this.options = List.copyOf(options);
        this.recorder = recorder;
    }

    /** Returns the name of the process that runs or ran last, which is also its client id and API key. */
    synchronized String name() {
        return "w" + number + "-" + lives;
    }

    synchronized boolean isRunning() {
        return process != null && process.isAlive();
    }

    boolean hasJoined() {
        return current().joinedAt().isPresent();
    }

    /** Starts the next process. Does nothing if the slot is closed. */
    synchronized void start() {
        if (closed) {
            return;
        }
        SluiceJar jar = releases.get(lives % releases.size());
        lives++;
        String name = name();
        long startedAt = recorder.now();
        List<String> all = new ArrayList<>(options);
        all.add("--kafka-config=" + clientId(jar, name));
        WorkerProcess life = jar.startWorker(name, name, all);
        process = life;
        recorded = life.exit().thenAccept(exitCode -> ended(life, name, startedAt, exitCode));
    }

    private static Path clientId(SluiceJar jar, String name) {
        try {
            return Files.writeString(jar.logs().resolve(name + ".properties"), "client.id=" + name + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write into " + jar.logs(), e);
        }
    }

    private void ended(WorkerProcess life, String name, long startedAt, int exitCode) {
        recorder.life(new WorkerLog(life.log()).life(name, startedAt, recorder.now(), life.end(), exitCode));
        if (life.end() == WorkerProcess.ProcessEnd.UNASKED) {
            // as a supervisor does; whether it may end is for the check to judge
            CompletableFuture.delayedExecutor(RESTART_SECONDS, TimeUnit.SECONDS).execute(this::start);
        }
    }

    /** Waits until the end of the last process is in the history. */
    void awaitRecorded() throws InterruptedException {
        try {
            recorded.get(TERMINATION_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("the end of " + name() + " was not recorded", e);
        }
    }

    void kill() {
        try {
            current().kill();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Sends SIGTERM. A worker that does not stop in time is killed, and its exit code tells so. */
    void terminate() throws InterruptedException {
        WorkerProcess life = current();
        if (!life.terminate(TERMINATION_SECONDS)) {
            life.abandon();
        }
    }

    void terminateUninterruptibly() {
        try {
            terminate();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    void freeze() {
        current().freeze();
    }

    void thaw() {
        current().thaw();
    }

    private synchronized WorkerProcess current() {
        if (process == null) {
            throw new IllegalStateException("nothing was started in slot " + number);
        }
        return process;
    }

    /** Kills the worker if it runs. None starts again. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        if (isRunning()) {
            kill();
        }
    }
}
