package dev.sluice.worker.threads;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;

/**
 * Runs each stage on a thread of its own and knows when that thread last beat. Started by one thread, then thread-safe.
 */
public final class StageThreads {
    private final BiConsumer<String, Throwable> onFailure;
    private final LongSupplier nanoTime;
    private final Map<String, AtomicLong> lastBeats = new ConcurrentHashMap<>();
    private final List<Thread> threads = new ArrayList<>();

    /**
     * @param onFailure receives a thread's name and what its stage has thrown, on that thread
     * @param nanoTime a monotonic clock
     */
    public StageThreads(BiConsumer<String, Throwable> onFailure, LongSupplier nanoTime) {
        this.onFailure = onFailure;
        this.nanoTime = nanoTime;
    }

    /**
     * Returns the heartbeat of a thread, which need not be one of these. Its stage runs it once per loop iteration.
     */
    public Runnable heartbeat(String name) {
        AtomicLong lastBeat = lastBeats.computeIfAbsent(name, absent -> new AtomicLong(nanoTime.getAsLong()));
        return () -> lastBeat.set(nanoTime.getAsLong());
    }

    /**
     * Starts a stage.
     *
     * <p>This is the stage's backstop: what it throws goes to {@code onFailure}. Nothing can end without the stage, so
     * the worker ends, and no offset is committed for what was not settled.
     */
    public void start(String name, Runnable stage) {
        Runnable heartbeat = heartbeat(name);
        Thread thread = new Thread(
                () -> {
                    try {
                        heartbeat.run();
                        stage.run();
                    } catch (Throwable failure) {
                        onFailure.accept(name, failure);
                    }
                },
                name);
        threads.add(thread);
        heartbeat.run();
        thread.start();
    }

    /** Waits for a thread to end. Returns at once on that thread itself. */
    public void join(String name, SharedDeadline deadline) {
        for (Thread thread : threads) {
            if (thread.getName().equals(name) && thread != Thread.currentThread()) {
                deadline.join(thread);
            }
        }
    }

    /** Returns how long ago each thread last beat, by the thread's name. */
    public Map<String, Duration> ages() {
        Map<String, Duration> ages = new TreeMap<>();
        lastBeats.forEach((name, lastBeat) -> {
            // The beat is read before the clock: a beat in between must not make the age negative.
            long beat = lastBeat.get();
            ages.put(name, Duration.ofNanos(nanoTime.getAsLong() - beat));
        });
        return ages;
    }

    /**
     * Describes each thread that has ended, or that has not beaten for longer than {@code longest}, in a sentence.
     *
     * @param longest the most time that a healthy stage takes for one loop iteration
     */
    public List<String> failures(Duration longest) {
        List<String> failures = new ArrayList<>();
        Map<String, Duration> ages = ages();
        for (Thread thread : threads) {
            if (!thread.isAlive()) {
                failures.add("thread " + thread.getName() + " has ended");
                ages.remove(thread.getName());
            }
        }
        ages.forEach((name, age) -> {
            if (age.compareTo(longest) > 0) {
                failures.add("thread " + name + " hangs: no heartbeat for " + age.toSeconds() + " s");
            }
        });
        return failures;
    }
}
