package dev.sluice.worker.batch;

import dev.sluice.ChatReply;
import java.io.IOException;

/**
 * What earlier runs of a batch have left in the queue: the requests that they have published, and how those have ended, or
 * will. Not thread-safe.
 */
public interface PreviousRun extends AutoCloseable {
    /** There was none. */
    PreviousRun NONE = new PreviousRun() {
        @Override
        public void catchUp(Findings findings) {}

        @Override
        public void poll(Findings findings) {}

        @Override
        public void close() {}
    };

    /** Who is told. Lines go by their numbers; nobody says that a line is one of the batch. */
    interface Findings {
        void published(int line);

        /** May be told before {@link #published}. */
        void ended(int line, ChatReply reply) throws IOException;

        /** Asked from time to time; false ends it. */
        boolean goOn();
    }

    /** Tells all that is there now, and returns then. */
    void catchUp(Findings findings) throws IOException;

    /** Tells the endings that have come since, without waiting for any. */
    void poll(Findings findings) throws IOException;

    @Override
    void close();
}
