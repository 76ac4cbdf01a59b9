package dev.sluice;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.LongSupplier;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RetriableException;
import org.jspecify.annotations.Nullable;

/**
 * Judges the failures of an inbox's polls: what each one means, and whether reading has been in vain for too long. The
 * class is not thread-safe.
 */
final class ReadFailures {
    /** The kinds of failures, by what may help. */
    enum Kind {
        /** Kafka is away or busy. The same consumer goes on. */
        PASSING(Duration.ofMillis(100)),
        /** Kafka does not let this user read. The same consumer goes on, since rights can be given back. */
        DENIED(Duration.ofMillis(100)),
        /** The consumer, a record or the partition is broken. Another consumer may get on. */
        BROKEN(Duration.ofMillis(500));

        private final Duration pause;

        Kind(Duration pause) {
            this.pause = pause;
        }

        /** Returns the time to wait before the next poll. */
        Duration pause() {
            return pause;
        }
    }

    /** The time without a failure after which reading counts as mended. A rejected fetch fails much sooner. */
    static final Duration MENDED_AFTER = Duration.ofSeconds(2);

    /** The time after which a broken partition is given up. */
    static final Duration GIVE_UP_AFTER = Duration.ofSeconds(10);

    private final LongSupplier nanoTime;
    private final Set<Kind> seen = EnumSet.noneOf(Kind.class);
    private @Nullable Kind latestKind;
    private long since;
    private long latest;

    ReadFailures(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    static Kind kind(Throwable failure) {
        if (failure instanceof AuthorizationException || failure instanceof AuthenticationException) {
            return Kind.DENIED;
        }
        return failure instanceof RetriableException || failure instanceof InterruptException
                ? Kind.PASSING
                : Kind.BROKEN;
    }

    /** Counts a failure. Returns true if reading was well before or has not failed in this way since then. */
    boolean record(Kind kind) {
        latest = nanoTime.getAsLong();
        if (kind != latestKind) {
            latestKind = kind;
            since = latest;
        }
        return seen.add(kind);
    }

    /** Returns true if nothing but {@link Kind#BROKEN} has come of reading for {@link #GIVE_UP_AFTER}. */
    boolean isHopeless() {
        return latestKind == Kind.BROKEN && latest - since >= GIVE_UP_AFTER.toNanos();
    }

    /**
     * Counts a poll that did not fail. Returns true if reading is mended by this: the poll brought records, or the last
     * failure is {@link #MENDED_AFTER} ago. An empty poll alone shows nothing, since its fetch may still be under way.
     */
    boolean mendedBy(boolean hasRecords) {
        if (latestKind == null || (!hasRecords && nanoTime.getAsLong() - latest < MENDED_AFTER.toNanos())) {
            return false;
        }
        latestKind = null;
        seen.clear();
        return true;
    }
}
