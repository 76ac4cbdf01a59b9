package dev.sluice.worker.settle;

import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.InputRecord;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The account of one assigned partition: its window, and how much of it is open. Owned by the settle thread, but for
 * {@link #registerLimit}.
 */
final class PartitionWindow {
    private final Assignment assignment;
    private final AckWindow window;
    /** By their offsets, in the order they were read; no more than may be in memory. */
    private final LinkedHashMap<Long, InputRecord> open = new LinkedHashMap<>();

    private long openBytes;

    PartitionWindow(Assignment assignment, AckWindow window) {
        this.assignment = assignment;
        this.window = window;
    }

    /** Why a partition with this metadata must not be read; empty where it may. */
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

    AckWindow window() {
        return window;
    }

    /** Any thread. */
    long registerLimit() {
        return window.registerLimit();
    }

    void register(InputRecord envelope) {
        if (!window.register(envelope.offset())) {
            throw new IllegalStateException(envelope + " was ended before and must not be read again");
        }
        open.put(envelope.offset(), envelope);
        openBytes += envelope.weight();
    }

    void settled(InputRecord envelope) {
        open.remove(envelope.offset());
        openBytes -= envelope.weight();
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
                window.committedOffset(),
                window.position(),
                open.size(),
                window.fill(),
                oldest.hasNext() ? OptionalLong.of(oldest.next().waitsSince()) : OptionalLong.empty());
    }
}
