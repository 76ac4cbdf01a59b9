package dev.sluice;

/**
 * Thrown if the rest of a streamed answer cannot be shown, because it does not belong to what was shown. Another call
 * of the request has answered it, or is about to, for instance because a worker has died. The request is cancelled
 * where it is still open. Ask again to have an answer as a whole.
 */
public final class ChatStreamException extends ChatQueueException {
    ChatStreamException(String message) {
        super(message);
    }
}
