package dev.sluice;

/** Handles the replies that a {@link ReplyConsumer} reads. */
@FunctionalInterface
public interface ReplyHandler {
    /**
     * Handles one reply, ok or failed. It is called on the consumer's one thread, in the order of the partition. The
     * same reply can come again after a crash, so make the work idempotent by {@link ChatReply#id()}.
     *
     * @throws Exception if the reply was not handled. The reply is delivered again after a pause.
     */
    void onReply(ChatReply reply) throws Exception;
}
