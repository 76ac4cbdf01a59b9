package dev.sluice.worker.threads;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;

/** The threads that the stages run on, one each. Started by one thread, then thread-safe. */
public final class StageThreads {
    private final BiConsumer<String, Throwable> onFailure;
    private final LongSupplier nanoTime;
    private final Map<String, Heartbeat> pulses = new ConcurrentHashMap<>();
    private final List<Thread> threads = new ArrayList<>();

    /**
     * @param onFailure told the thread's name and what its stage has thrown; on that thread
     * @param nanoTime a monotonic clock
     */
    public StageThreads(BiConsumer<String, Throwable> onFailure, LongSupplier nanoTime) {
        this.onFailure = onFailure;
        this.nanoTime = nanoTime;
    }

    /** What the stage on this thread has to run whenever it comes round. */
    public Runnable pulse(String name) {
        return pulses.computeIfAbsent(name, absent -> new Heartbeat(nanoTime))::beat;
    }

    /** The backstop of each stage: without a stage nothing can end, so the worker ends; nothing is dropped. */
    public void start(String name, Runnable stage) {
        Runnable pulse = pulse(name);
        Thread thread = new Thread(
                () -> {
                    try {
                        pulse.run();
                        stage.run();
                    } catch (Throwable failure) {
                        onFailure.accept(name, failure);
                    }
                },
                name);
        threads.add(thread);
        pulse.run();
        thread.start();
    }

    /** Waits for it, unless it is the one that asks. */
    public void join(String name, SharedDeadline leave) {
        for (Thread thread : threads) {
            if (thread.getName().equals(name) && thread != Thread.currentThread()) {
                leave.join(thread);
            }
        }
    }

    /** How long ago each stage last came round, by its thread's name. */
    public Map<String, Duration> ages() {
        Map<String, Duration> ages = new TreeMap<>();
        pulses.forEach((name, pulse) -> ages.put(name, pulse.age()));
        return ages;
    }

    /**
     * Those that have ended, or have not come round for so long; a sentence each.
     *
     * @param longest that a stage that is well may take
     */
    public List<String> deadly(Duration longest) {
        List<String> found = new ArrayList<>();
        Map<String, Duration> ages = ages();
        for (Thread thread : threads) {
            Duration age = ages.getOrDefault(thread.getName(), Duration.ZERO);
            if (!thread.isAlive()) {
                found.add("thread " + thread.getName() + " has ended");
            } else if (age.compareTo(longest) > 0) {
                found.add("thread " + thread.getName() + " hangs: it has not come round for " + age.toSeconds() + " s");
            }
        }
        return found;
    }
}
