package dev.sluice;

import org.jspecify.annotations.Nullable;

/**
 * A request that could not be published, or a reply that could not be waited for. The message names the topic and what
 * can be done; the cause, where there is one, is Kafka's.
 */
public class ChatQueueException extends RuntimeException {
    public ChatQueueException(String message) {
        this(message, null);
    }

    public ChatQueueException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
