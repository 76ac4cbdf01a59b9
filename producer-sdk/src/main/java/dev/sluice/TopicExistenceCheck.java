package dev.sluice;

/** Checks before each send that its topic exists. */
@FunctionalInterface
interface TopicExistenceCheck {
    /**
     * Returns normally if the topic exists.
     *
     * @throws ChatQueueException if it does not exist, or if that can't be found out
     */
    void require(String topic);
}
