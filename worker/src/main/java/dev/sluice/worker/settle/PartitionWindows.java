package dev.sluice.worker.settle;

import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.Ownership;
import dev.sluice.worker.intake.TrafficClass;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.TopicPartition;

/**
 * The windows of all assigned partitions, and the sum of their open records. Owned by the settle thread. Any thread may
 * call {@link #count}, {@link #registerLimit}, {@link #openOf}, {@link #openRecords} and {@link #openBytes}.
 */
final class PartitionWindows {
    private final Map<TopicPartition, PartitionWindow> byPartition = new ConcurrentHashMap<>();
    private final Map<TrafficClass, OpenRecords> open = new EnumMap<>(TrafficClass.class);

    PartitionWindows() {
        for (TrafficClass trafficClass : TrafficClass.values()) {
            open.put(trafficClass, new OpenRecords());
        }
    }

    void open(PartitionWindow window) {
        byPartition.put(window.assignment().partition(), window);
    }

    /**
     * Counts records as open. Intake's thread does this when it hands them over, because the settle thread registers
     * them later.
     */
    void count(Assignment assignment, Collection<InputRecord> inputs) {
        openOf(assignment.trafficClass())
                .add(
                        inputs.size(),
                        inputs.stream().mapToLong(InputRecord::weight).sum());
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

    OpenRecords openOf(TrafficClass trafficClass) {
        return Objects.requireNonNull(open.get(trafficClass));
    }

    int openRecords() {
        return open.values().stream().mapToInt(OpenRecords::records).sum();
    }

    long openBytes() {
        return open.values().stream().mapToLong(OpenRecords::bytes).sum();
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
        openOf(input.assignment().trafficClass()).remove(1, input.weight());
    }

    /** Closes the windows of these assignments. An assignment that was never opened has none, which is no error. */
    void close(Set<Assignment> gone) {
        byPartition.values().removeIf(window -> {
            boolean closes = gone.contains(window.assignment());
            if (closes) {
                openOf(window.assignment().trafficClass()).remove(window.openRecords(), window.openBytes());
            }
            return closes;
        });
    }
}
