package dev.sluice.sandbox;

import org.jspecify.annotations.Nullable;

/** The broker could not be started. The message says why, and ends with the tail of the broker's own log if it has one. */
public final class BrokerStartException extends RuntimeException {

    BrokerStartException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
