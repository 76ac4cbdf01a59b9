package dev.sluice.gateway;

import java.time.Duration;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.RetriableException;

/**
 * Spares callers the wait for a Kafka that is known to be away. After a request could not be published, one at a time
 * tries again, and all others are refused at once. It belongs to the event loop.
 */
final class KafkaGate {
    private static final long PAUSE = Duration.ofSeconds(1).toNanos();

    private boolean isClosed;
    private boolean isProbing;
    private long closedAt;

    /**
     * Returns true if the failure of one request says that others would fail as well, and wait for that. An error with
     * which Kafka has answered, or that comes without asking it, is about this request or the rights to its topic: a
     * record that is too large for its topic must close the gate for nobody else.
     */
    static boolean saysThatKafkaIsAway(Throwable failure) {
        Throwable cause = failure.getCause();
        return !(cause instanceof ApiException) || cause instanceof RetriableException;
    }

    /** Returns true if a request may be published now. The caller reports how that ended. */
    boolean enter(long nowNanos) {
        if (!isClosed) {
            return true;
        }
        if (isProbing || nowNanos - closedAt < PAUSE) {
            return false;
        }
        isProbing = true;
        return true;
    }

    void published() {
        isClosed = false;
        isProbing = false;
    }

    /** Lets another request try, because one has ended in a way that says nothing about Kafka. */
    void learnedNothing() {
        isProbing = false;
    }

    void failed(long nowNanos) {
        isClosed = true;
        isProbing = false;
        closedAt = nowNanos;
    }
}
