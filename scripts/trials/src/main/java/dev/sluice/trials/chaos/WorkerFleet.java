package dev.sluice.trials.chaos;

import dev.sluice.trials.PolledCondition;
import dev.sluice.trials.SluiceJar;
import dev.sluice.trials.chaos.history.HistoryRecorder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/**
 * The slots of all workers. A fault borrows a slot and gives it back, so that two faults never strike the same worker.
 * Thread-safe.
 */
final class WorkerFleet implements AutoCloseable {
    private final List<SluiceJar> releases;
    private final List<String> options;
    private final HistoryRecorder recorder;
    private final List<WorkerSlot> slots = new ArrayList<>();
    private final Set<WorkerSlot> borrowed = new HashSet<>();
    private boolean closed;

    /**
     * @param releases the releases that the processes of each slot are of, by turns
     * @param options the options of every worker
     */
    WorkerFleet(List<SluiceJar> releases, List<String> options, HistoryRecorder recorder) {
        this.releases = List.copyOf(releases);
        this.options = List.copyOf(options);
        this.recorder = recorder;
    }

    /** Starts one more worker. Does nothing if the fleet is closed. */
    synchronized void add() {
        if (closed) {
            return;
        }
        WorkerSlot slot = new WorkerSlot(slots.size() + 1, releases, options, recorder);
        slots.add(slot);
        slot.start();
    }

    /**
     * Borrows a slot whose worker runs and that no other fault has borrowed.
     *
     * @param choice chooses among the candidates, modulo their number
     * @param preferred matches the names of the workers that are candidates; without a match all free workers are
     */
    synchronized Optional<WorkerSlot> borrow(int choice, Predicate<String> preferred) {
        List<WorkerSlot> free = slots.stream()
                .filter(slot -> !borrowed.contains(slot) && slot.isRunning())
                .toList();
        if (free.isEmpty()) {
            return Optional.empty();
        }
        List<WorkerSlot> best =
                free.stream().filter(slot -> preferred.test(slot.name())).toList();
        List<WorkerSlot> candidates = best.isEmpty() ? free : best;
        WorkerSlot slot = candidates.get(choice % candidates.size());
        borrowed.add(slot);
        return Optional.of(slot);
    }

    synchronized void giveBack(WorkerSlot slot) {
        borrowed.remove(slot);
    }

    /** Waits until every worker has joined the group. A worker may be left without partitions. */
    void awaitJoined(Duration bound) throws InterruptedException {
        PolledCondition.await(
                "all workers have joined the group",
                bound,
                () -> slots().stream().allMatch(WorkerSlot::hasJoined));
    }

    /** RunCounts the workers that run. */
    synchronized int running() {
        return (int) slots.stream().filter(WorkerSlot::isRunning).count();
    }

    /** Sends SIGTERM to all workers at once and waits until the end of each of them is recorded. */
    void terminate() throws InterruptedException {
        List<CompletableFuture<Void>> ends = new ArrayList<>();
        for (WorkerSlot slot : slots()) {
            if (slot.isRunning()) {
                ends.add(CompletableFuture.runAsync(slot::terminateUninterruptibly));
            }
        }
        CompletableFuture.allOf(ends.toArray(CompletableFuture<?>[]::new)).join();
        for (WorkerSlot slot : slots()) {
            slot.awaitRecorded();
        }
    }

    private synchronized List<WorkerSlot> slots() {
        return List.copyOf(slots);
    }

    /** Kills all workers that run. None starts again. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        slots().forEach(WorkerSlot::close);
    }
}
