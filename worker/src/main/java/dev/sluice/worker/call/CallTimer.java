package dev.sluice.worker.call;

import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The time of one call and its bounds. A call has one deadline. Once its answer comes as a stream, each silence has a
 * bound instead, and the whole call a later deadline. Owned by the event loop.
 */
final class CallTimer {
    /** The most silence after a stream is complete, in which the API may still say what it has cost. */
    private static final long COMPLETE_NANOS = Duration.ofSeconds(1).toNanos();

    private static final long NO_TIMER = -1;

    private final Vertx vertx;
    private final ApiClient.Bounds bounds;
    private final long startedAt = System.nanoTime();
    private long timer = NO_TIMER;
    /** The time of the latest bytes of a stream. */
    private long heardAt;

    CallTimer(Vertx vertx, ApiClient.Bounds bounds) {
        this.vertx = vertx;
        this.bounds = bounds;
    }

    /** Starts the deadline of a call that is no stream yet. */
    void start(Runnable onEnd) {
        set(Math.max(1, bounds.timeout().toMillis()), onEnd);
    }

    private void set(long millis, Runnable task) {
        stop();
        timer = vertx.setTimer(millis, unused -> task.run());
    }

    void stop() {
        if (timer != NO_TIMER) {
            vertx.cancelTimer(timer);
            timer = NO_TIMER;
        }
    }

    /** Takes note that bytes of the answer have come. */
    void heard() {
        heardAt = System.nanoTime();
    }

    /**
     * Looks whether a stream is silent for too long or lasts for too long, and sets a timer if it does not.
     *
     * @param again looks once more when that may be the case
     * @return the words for what is too long, or empty if nothing is
     */
    Optional<String> watch(AnswerReader stream, Runnable again) {
        long now = System.nanoTime();
        if (stream.isPaused()) {
            heardAt = now;
        }
        long silence = stream.isComplete() ? COMPLETE_NANOS : bounds.timeout().toNanos();
        long silentLeft = silence - (now - heardAt);
        long left = Math.min(silentLeft, bounds.streamTimeout().toNanos() - (now - startedAt));
        if (left > 0) {
            set(TimeUnit.NANOSECONDS.toMillis(left) + 1, again);
            return Optional.empty();
        }
        return Optional.of(
                silentLeft <= 0
                        ? FailureWords.seconds(bounds.timeout()) + " without a byte of the stream"
                        : FailureWords.seconds(bounds.streamTimeout()) + " of the stream");
    }

    /** Returns how long the call has taken so far. */
    long tookMillis() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedAt);
    }
}
