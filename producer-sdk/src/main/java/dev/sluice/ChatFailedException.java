package dev.sluice;

/** Thrown by {@link ChatReply#orThrow()} for a reply that is not ok. {@link #reply()} has the details. */
public final class ChatFailedException extends RuntimeException {
    private final transient ChatReply reply;

    ChatFailedException(ChatReply reply) {
        super("request " + reply.id() + " failed: " + reply.reason().orElse("unknown reason")
                + (reply.httpStatus().isPresent()
                        ? " (HTTP " + reply.httpStatus().getAsInt() + ")"
                        : "")
                + reply.error().map(error -> ": " + error.message()).orElse(""));
        this.reply = reply;
    }

    /** Returns the failed reply. */
    public ChatReply reply() {
        return reply;
    }
}
