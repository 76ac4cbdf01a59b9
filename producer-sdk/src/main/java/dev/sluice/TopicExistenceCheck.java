package dev.sluice;

/** Checks before each send that the request topic exists. */
@FunctionalInterface
interface TopicExistenceCheck {
    /**
     * Returns normally if the request topic exists.
     *
     * @throws ChatQueueException if it does not exist, or if that can't be found out
     */
    void require();
}
