package dev.sluice.worker.settle;

import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Envelope;

/**
 * The account of one assigned partition: its window, and how much of it is open. Owned by the settle thread, but for
 * {@link #registerLimit}.
 */
final class Account {
    private final Assignment assignment;
    private final AckWindow window;
    private int openRecords;
    private long openBytes;

    Account(Assignment assignment, AckWindow window) {
        this.assignment = assignment;
        this.window = window;
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

    void register(Envelope envelope) {
        if (!window.register(envelope.offset())) {
            throw new IllegalStateException(envelope + " was ended before and must not be read again");
        }
        openRecords++;
        openBytes += envelope.weight();
    }

    void settled(Envelope envelope) {
        openRecords--;
        openBytes -= envelope.weight();
    }

    int openRecords() {
        return openRecords;
    }

    long openBytes() {
        return openBytes;
    }
}
