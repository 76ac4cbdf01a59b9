package dev.sluice.worker.call;

import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Bounds the memory of answers that are being read. Above the bound only the oldest of them is read on, and the
 * connections of the others wait. The oldest never waits, so that there is always one that ends. Owned by the event
 * loop.
 */
final class AnswerMemory {
    private final long maxBytes;
    private final Set<Reader> readers = new LinkedHashSet<>();
    private long held;
    private boolean isFull;

    AnswerMemory(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** An answer that is being read. */
    interface Reader {
        void pause();

        void resume();

        /** Returns the memory that it holds. */
        int heldBytes();
    }

    void begins(Reader reader) {
        boolean isFirst = readers.isEmpty();
        readers.add(reader);
        if (isFull && !isFirst) {
            reader.pause();
        }
    }

    /** Counts further memory of a reader. */
    void grew(Reader reader, int bytes) {
        held += bytes;
        if (!isFull && held > maxBytes) {
            isFull = true;
            readers.stream().skip(1).forEach(Reader::pause);
        }
    }

    /** Forgets a reader and its memory. */
    void ends(Reader reader) {
        if (!readers.remove(reader)) {
            return;
        }
        held -= reader.heldBytes();
        if (isFull && held <= maxBytes) {
            isFull = false;
            readers.forEach(Reader::resume);
        } else if (isFull) {
            readers.stream().findFirst().ifPresent(Reader::resume);
        }
    }

    long held() {
        return held;
    }
}
