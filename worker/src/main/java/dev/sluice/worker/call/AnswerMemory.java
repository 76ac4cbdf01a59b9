package dev.sluice.worker.call;

import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Bounds the memory of answers that are being read. Above the bound only one of them is read on, and the connections of
 * the others wait: the oldest that is sent as a whole, since it ends soon, or else the oldest stream. So there is
 * always one that ends. Owned by the event loop.
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

        /** Returns true for an answer that comes bit by bit, for as long as the API makes it. */
        boolean isStream();

        /** Returns the memory that it holds. */
        int heldBytes();
    }

    void begins(Reader reader) {
        readers.add(reader);
        if (isFull) {
            readOneOn();
        }
    }

    /** Counts further memory of a reader. */
    void grew(Reader reader, int bytes) {
        held += bytes;
        if (!isFull && held > maxBytes) {
            isFull = true;
            readOneOn();
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
            readOneOn();
        }
    }

    private void readOneOn() {
        Optional<Reader> chosen = readers.stream()
                .filter(reader -> !reader.isStream())
                .findFirst()
                .or(() -> readers.stream().findFirst());
        chosen.ifPresent(Reader::resume);
        readers.stream().filter(reader -> reader != chosen.get()).forEach(Reader::pause);
    }

    long held() {
        return held;
    }
}
