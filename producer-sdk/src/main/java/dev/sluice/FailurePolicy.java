package dev.sluice;

/** What a {@link ReplyConsumer} does with a reply that its handler has refused for the last time. */
public enum FailurePolicy {
    /**
     * Stop, with the reply uncommitted: it comes again at the next start, so nothing is lost. The reason is in {@link
     * ReplyConsumer#failure()}.
     */
    STOP,
    /** Log the reply's id and position at ERROR, and go on behind it. */
    SKIP
}
