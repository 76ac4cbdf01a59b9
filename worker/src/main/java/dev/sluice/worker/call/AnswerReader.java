package dev.sluice.worker.call;

import io.vertx.core.buffer.Buffer;
import java.util.Optional;

/** Reads the body of an answer. Owned by the event loop. */
interface AnswerReader {
    /** Takes the next bytes. Returns false if nothing more is to be read. */
    boolean add(Buffer bytes);

    /** Returns true if what was read is a whole answer, even if the body has not ended. */
    boolean isComplete();

    /**
     * Returns the answer, after the end of the body or once nothing more is to be read.
     *
     * @throws AnswerBody.UnusableException if what was read is no answer
     */
    byte[] bytes() throws AnswerBody.UnusableException;

    /** Returns what is known of the answer as a stream; empty if it is none. */
    Optional<CallResult.Stream> stream();

    /** Returns true while reading waits for memory. */
    boolean isPaused();

    /** Lets go of the memory. */
    void release();
}
