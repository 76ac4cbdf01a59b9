package dev.sluice;

/** What is asked before each send: whether there is anything to send to. */
@FunctionalInterface
interface TopicExistenceCheck {
    /**
     * Returns if the request topic exists.
     *
     * @throws ChatQueueException if it does not exist, or if that can't be found out
     */
    void require();
}
