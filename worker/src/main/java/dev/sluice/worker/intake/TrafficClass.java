package dev.sluice.worker.intake;

import dev.sluice.wire.Topics;

/**
 * The class of a record by the topic it was read from. Each class has a read-ahead of its own, so that what fills one
 * keeps nothing out of another (the bulkhead pattern). An express request and a retry that is due do not wait behind a
 * backlog, be it one of new requests or of delayed ones that are all due. The retries of a model that is held do not
 * keep new requests out.
 */
public enum TrafficClass {
    /** The class of what producers have written to the requests topic. */
    REQUESTS,
    /** The class of what producers have written to the express topic. */
    EXPRESS,
    /** The class of the retry topic, whose requests are called again soon. */
    RETRIES,
    /** The class of the overflow topic, whose requests did not find room in memory while others waited. */
    OVERFLOW,
    /** The class of the delay tiers, whose requests are due later or were put off for longer. */
    DELAYED;

    private static final String REQUESTS_TOPIC = new Topics("x").requests().substring(1);
    private static final String EXPRESS_TOPIC = new Topics("x").express().substring(1);
    private static final String OVERFLOW_TOPIC = new Topics("x").overflow().substring(1);
    private static final String RETRY_TOPIC = new Topics("x").retry().substring(1);

    /** Returns the class of a topic that workers read. */
    public static TrafficClass of(String inputTopic) {
        if (inputTopic.endsWith(EXPRESS_TOPIC)) {
            return EXPRESS;
        }
        if (inputTopic.endsWith(RETRY_TOPIC)) {
            return RETRIES;
        }
        if (inputTopic.endsWith(OVERFLOW_TOPIC)) {
            return OVERFLOW;
        }
        return inputTopic.endsWith(REQUESTS_TOPIC) ? REQUESTS : DELAYED;
    }
}
