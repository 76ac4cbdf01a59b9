package dev.sluice;

/** Decides what a {@link ReplyConsumer} does after its handler has failed on a reply for the last time. */
public enum FailurePolicy {
    /**
     * Stops the consumer and leaves the reply uncommitted. The reply comes again at the next start, so nothing is lost.
     * {@link ReplyConsumer#failure()} has the reason.
     */
    STOP,
    /** Logs the reply's id and position at ERROR and continues with the next reply. */
    SKIP
}
