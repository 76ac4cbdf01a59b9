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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.TopicPartition;

/**
 * The accounts of all partitions, and what is open in them together. Owned by the settle thread, but for {@link #count},
 * {@link #registerLimit}, {@link #openRecords} and {@link #openBytes}.
 */
final class PartitionWindows {
    private final Map<TopicPartition, PartitionWindow> byPartition = new ConcurrentHashMap<>();
    private final AtomicInteger openRecords = new AtomicInteger();
    private final AtomicLong openBytes = new AtomicLong();

    void open(PartitionWindow account) {
        byPartition.put(account.assignment().partition(), account);
    }

    /** Counts records from when they are handed over: their account gets to them later. Any thread. */
    void count(Collection<InputRecord> envelopes) {
        openRecords.addAndGet(envelopes.size());
        openBytes.addAndGet(envelopes.stream().mapToLong(InputRecord::weight).sum());
    }

    PartitionWindow of(Assignment assignment) {
        PartitionWindow account = byPartition.get(assignment.partition());
        if (account == null || account.assignment() != assignment) {
            throw new IllegalStateException("no account of " + assignment);
        }
        return account;
    }

    /** 0 where there is no account yet, or still one of an earlier assignment. Any thread. */
    long registerLimit(Assignment assignment) {
        PartitionWindow account = byPartition.get(assignment.partition());
        return account == null || account.assignment() != assignment ? 0 : account.registerLimit();
    }

    /** Any thread. */
    int openRecords() {
        return openRecords.get();
    }

    /** Any thread. */
    long openBytes() {
        return openBytes.get();
    }

    List<PartitionState> states() {
        return byPartition.values().stream().map(PartitionWindow::state).toList();
    }

    /**
     * What to commit if these settlements were done.
     *
     * @param positions whether to commit also what moved on without one of them, past transaction markers
     */
    Map<PartitionWindow, AckWindow.Snapshot> stage(List<Settlement> chosen, Ownership owned, boolean positions) {
        Map<PartitionWindow, List<Long>> offsets = new HashMap<>();
        for (Settlement settlement : chosen) {
            InputRecord envelope = settlement.envelope();
            offsets.computeIfAbsent(of(envelope.assignment()), account -> new ArrayList<>())
                    .add(envelope.offset());
        }
        if (positions) {
            byPartition.values().stream()
                    .filter(account -> owned.holds(account.assignment())
                            && account.window().needsCommit())
                    .forEach(account -> offsets.putIfAbsent(account, List.of()));
        }
        Map<PartitionWindow, AckWindow.Snapshot> staged = new HashMap<>();
        offsets.forEach((account, done) -> staged.put(
                account,
                account.window().stage(done.stream().mapToLong(Long::longValue).toArray())));
        return staged;
    }

    void settled(Settlement settlement) {
        InputRecord envelope = settlement.envelope();
        of(envelope.assignment()).settled(envelope);
        openRecords.decrementAndGet();
        openBytes.addAndGet(-envelope.weight());
    }

    /** A partition that was refused, or went before it was opened, has no account to close. */
    void close(Set<Assignment> gone) {
        byPartition.values().removeIf(account -> {
            boolean closes = gone.contains(account.assignment());
            if (closes) {
                openRecords.addAndGet(-account.openRecords());
                openBytes.addAndGet(-account.openBytes());
            }
            return closes;
        });
    }
}
