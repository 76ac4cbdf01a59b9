package dev.sluice.gateway;

import io.vertx.core.Vertx;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Counts the bytes of answers that clients have not taken yet. Beyond the bound the oldest is cut off, since its client
 * reads the slowest, and so is one that takes too long. It belongs to the event loop.
 */
final class OpenAnswers {
    private final Vertx vertx;
    private final long maxBytes;
    private final long maxMillis;
    private final Deque<Entry> open = new ArrayDeque<>();
    private long bytes;
    private Runnable whenEmpty = () -> {};

    OpenAnswers(Vertx vertx, long maxBytes, long maxMillis) {
        this.vertx = vertx;
        this.maxBytes = maxBytes;
        this.maxMillis = maxMillis;
    }

    /** An answer that is on its way. */
    final class Entry {
        private final int size;
        private final Runnable cut;
        private final long timer;
        private boolean isOpen = true;

        private Entry(int size, Runnable cut) {
            this.size = size;
            this.cut = cut;
            this.timer = vertx.setTimer(maxMillis, late -> cutOff());
        }

        private void cutOff() {
            end();
            cut.run();
        }

        /** Forgets the answer, because the client has it or has gone. */
        void end() {
            if (isOpen) {
                isOpen = false;
                bytes -= size;
                vertx.cancelTimer(timer);
                while (!open.isEmpty() && !open.peekFirst().isOpen) {
                    open.removeFirst();
                }
                if (open.isEmpty()) {
                    whenEmpty.run();
                }
            }
        }
    }

    /** Counts an answer until it ends. A single one may be larger than the bound. */
    Entry begin(int size, Runnable cut) {
        while (bytes + size > maxBytes && !open.isEmpty()) {
            open.peekFirst().cutOff();
        }
        Entry entry = new Entry(size, cut);
        open.addLast(entry);
        bytes += size;
        return entry;
    }

    /** Runs this when clients have taken all answers, at once if that is so now. */
    void whenEmpty(Runnable action) {
        whenEmpty = action;
        if (open.isEmpty()) {
            action.run();
        }
    }

    long bytes() {
        return bytes;
    }
}
