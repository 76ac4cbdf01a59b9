package dev.sluice;

import org.jspecify.annotations.Nullable;

/**
 * Thrown if a request could not be published or its reply could not be waited for. The message names the topic and a
 * remedy. The cause is Kafka's exception, if there is one.
 */
public class ChatQueueException extends RuntimeException {
    public ChatQueueException(String message) {
        this(message, null);
    }

    public ChatQueueException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
