package dev.sluice;

/** What a {@link ReplyConsumer} does with each reply. */
@FunctionalInterface
public interface ReplyHandler {
    /**
     * Handles one reply, ok or failed. Called on the consumer's one thread, in the order of the partition. After a crash
     * the same reply can come again: key what you do by {@link ChatReply#id()}.
     *
     * @throws Exception if the reply was not handled; it is handed over again after a pause
     */
    void onReply(ChatReply reply) throws Exception;
}
