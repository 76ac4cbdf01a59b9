package dev.sluice.worker;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/** The threads that the stages run on, one each. Started by one thread, then thread-safe. */
final class StageThreads {
    private final BiConsumer<String, Throwable> onFailure;
    private final List<Thread> threads = new ArrayList<>();

    /** @param onFailure told the thread's name and what its stage has thrown; on that thread */
    StageThreads(BiConsumer<String, Throwable> onFailure) {
        this.onFailure = onFailure;
    }

    /** The backstop of each stage: without a stage nothing can end, so the worker ends; nothing is dropped. */
    void start(String name, Runnable stage) {
        Thread thread = new Thread(
                () -> {
                    try {
                        stage.run();
                    } catch (Throwable failure) {
                        onFailure.accept(name, failure);
                    }
                },
                name);
        threads.add(thread);
        thread.start();
    }

    /** Waits for it, unless it is the one that asks. */
    void join(String name, Deadline leave) {
        for (Thread thread : threads) {
            if (thread.getName().equals(name) && thread != Thread.currentThread()) {
                leave.join(thread);
            }
        }
    }

    /** The names of those that have ended. */
    List<String> dead() {
        return threads.stream()
                .filter(thread -> !thread.isAlive())
                .map(Thread::getName)
                .toList();
    }
}
