package dev.sluice.sandbox;

import org.jspecify.annotations.Nullable;

/**
 * Thrown if the broker could not be started. The message has the reason and the end of the broker's log, if there is
 * one.
 */
public final class BrokerStartException extends RuntimeException {

    BrokerStartException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
