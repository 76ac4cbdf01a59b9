package dev.sluice.worker.intake;

import dev.sluice.wire.Topics;

/**
 * A part of the read-ahead with a bound of its own, so that what fills one keeps nothing out of another. An express
 * request and a retry that is due do not wait behind a backlog, be it one of new requests or of delayed ones that are
 * all due. The retries of a model that is held do not keep new requests out.
 */
public enum Room {
    /** The room for requests of the requests topic. */
    REQUESTS,
    /** The room for requests of the express topic. */
    EXPRESS,
    /** The room for requests of the retry topic, which are called again soon. */
    RETRIES,
    /** The room for requests of the delay tiers, which are due later or were put off for longer. */
    DELAYED;

    private static final String REQUESTS_TOPIC = new Topics("x").requests().substring(1);
    private static final String EXPRESS_TOPIC = new Topics("x").express().substring(1);
    private static final String RETRY_TOPIC = new Topics("x").retry().substring(1);

    /** Returns the room of a topic that workers read. */
    public static Room of(String inputTopic) {
        if (inputTopic.endsWith(EXPRESS_TOPIC)) {
            return EXPRESS;
        }
        if (inputTopic.endsWith(RETRY_TOPIC)) {
            return RETRIES;
        }
        return inputTopic.endsWith(REQUESTS_TOPIC) ? REQUESTS : DELAYED;
    }
}
