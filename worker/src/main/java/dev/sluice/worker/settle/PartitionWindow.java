package dev.sluice.worker.settle;

import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.InputRecord;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The open records of one assigned partition, with their {@link AckWindow}. Owned by the settle thread, except for
 * {@link #registerLimit}.
 */
final class PartitionWindow {
    private final Assignment assignment;
    private final AckWindow ackWindow;
    /** Open records by offset, in read order. Bounded by the read-ahead. */
    private final LinkedHashMap<Long, InputRecord> open = new LinkedHashMap<>();

    private long openBytes;

    PartitionWindow(Assignment assignment, AckWindow ackWindow) {
        this.assignment = assignment;
        this.ackWindow = ackWindow;
    }

    /** Returns why a partition with this metadata must not be read, or empty if it may be read. */
    static Optional<String> problem(AckRuns.Decoded committed) {
        if (committed instanceof AckRuns.UnknownVersion unknown) {
            return Optional.of("its offset metadata is of version " + unknown.version()
                    + ", written by a newer release; run that release");
        }
        return committed instanceof AckRuns.Corrupt
                ? Optional.of("its offset metadata is damaged, and ignoring it could end requests twice; reset the"
                        + " group's offset of this partition")
                : Optional.empty();
    }

    Assignment assignment() {
        return assignment;
    }

    AckWindow ackWindow() {
        return ackWindow;
    }

    /** Returns the lowest offset that may not be registered yet. Any thread may call this. */
    long registerLimit() {
        return ackWindow.registerLimit();
    }

    void register(InputRecord input) {
        if (!ackWindow.register(input.offset())) {
            throw new IllegalStateException(input + " was ended before and must not be read again");
        }
        open.put(input.offset(), input);
        openBytes += input.weight();
    }

    void settled(InputRecord input) {
        open.remove(input.offset());
        openBytes -= input.weight();
    }

    Collection<InputRecord> open() {
        return open.values();
    }

    int openRecords() {
        return open.size();
    }

    long openBytes() {
        return openBytes;
    }

    PartitionState state() {
        Iterator<InputRecord> oldest = open.values().iterator();
        return new PartitionState(
                assignment.partition().topic(),
                assignment.partition().partition(),
                ackWindow.committedOffset(),
                ackWindow.position(),
                open.size(),
                ackWindow.fill(),
                oldest.hasNext() ? OptionalLong.of(oldest.next().waitsSince()) : OptionalLong.empty());
    }
}
