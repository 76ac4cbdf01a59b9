package dev.sluice.worker.settle;

import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.Ownership;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.kafka.common.TopicPartition;

/**
 * The windows of all assigned partitions, and the sum of their open records. Owned by the settle thread. Any thread may
 * call {@link #count}, {@link #registerLimit}, {@link #openRecords} and {@link #openBytes}.
 */
final class PartitionWindows {
    private final Map<TopicPartition, PartitionWindow> byPartition = new ConcurrentHashMap<>();
    private final OpenRecords open = new OpenRecords();
    private volatile Consumer<InputRecord> onClosed = closed -> {};

    /** Names who hears of each record that is not open any more. */
    void onClosed(Consumer<InputRecord> listener) {
        onClosed = listener;
    }

    void open(PartitionWindow window) {
        byPartition.put(window.assignment().partition(), window);
    }

    /**
     * Counts records as open. Intake's thread does this when it hands them over, because the settle thread registers
     * them later.
     */
    void count(Collection<InputRecord> inputs) {
        open.add(inputs.size(), inputs.stream().mapToLong(InputRecord::weight).sum());
    }

    PartitionWindow of(Assignment assignment) {
        PartitionWindow window = byPartition.get(assignment.partition());
        if (window == null || window.assignment() != assignment) {
            throw new IllegalStateException("no window of " + assignment);
        }
        return window;
    }

    /** Returns the limit of this assignment's window, or 0 if that window is not open yet. Any thread may call this. */
    long registerLimit(Assignment assignment) {
        PartitionWindow window = byPartition.get(assignment.partition());
        // an earlier assignment of the same partition may still have its window here
        return window == null || window.assignment() != assignment ? 0 : window.registerLimit();
    }

    int openRecords() {
        return open.records();
    }

    long openBytes() {
        return open.bytes();
    }

    /** Returns a snapshot of each window. */
    List<PartitionState> states() {
        return byPartition.values().stream().map(PartitionWindow::state).toList();
    }

    /**
     * Stages what a transaction with these settlements commits for each partition.
     *
     * @param positions true to also stage partitions that moved without a settlement, past transaction markers
     * @param any true to stage one partition as it is if there is nothing else
     */
    Map<PartitionWindow, AckWindow.Snapshot> stage(
            List<Settlement> chosen, Ownership owned, boolean positions, boolean any) {
        Map<PartitionWindow, List<Long>> offsets = new HashMap<>();
        for (Settlement settlement : chosen) {
            InputRecord input = settlement.input();
            offsets.computeIfAbsent(of(input.assignment()), window -> new ArrayList<>())
                    .add(input.offset());
        }
        if (positions) {
            byPartition.values().stream()
                    .filter(window -> owned.holds(window.assignment())
                            && window.ackWindow().needsCommit())
                    .forEach(window -> offsets.putIfAbsent(window, List.of()));
        }
        if (any && offsets.isEmpty()) {
            byPartition.values().stream()
                    .filter(window -> owned.holds(window.assignment()))
                    .findFirst()
                    .ifPresent(window -> offsets.put(window, List.of()));
        }
        Map<PartitionWindow, AckWindow.Snapshot> staged = new HashMap<>();
        offsets.forEach((window, done) -> staged.put(
                window,
                window.ackWindow()
                        .stage(done.stream().mapToLong(Long::longValue).toArray())));
        return staged;
    }

    void settled(Settlement settlement) {
        InputRecord input = settlement.input();
        of(input.assignment()).settled(input);
        open.remove(1, input.weight());
        onClosed.accept(input);
    }

    /** Closes the windows of these assignments. An assignment that was never opened has none, which is no error. */
    void close(Set<Assignment> gone) {
        byPartition.values().removeIf(window -> {
            boolean closes = gone.contains(window.assignment());
            if (closes) {
                open.remove(window.openRecords(), window.openBytes());
                window.open().forEach(onClosed);
            }
            return closes;
        });
    }
}
