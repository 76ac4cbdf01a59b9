package dev.sluice.worker.pace;

import java.time.Duration;

/**
 * What the end of a call says about its lane.
 *
 * @param pause how long the API asks us to wait; zero where it does not say
 * @param cause a word or two for the log where the lane may stop because of this
 */
public record Feedback(Kind kind, Duration pause, String cause) {
    public static final Feedback PASSED = new Feedback(Kind.PASSED, Duration.ZERO, "");
    public static final Feedback CANCELLED = new Feedback(Kind.CANCELLED, Duration.ZERO, "");

    public enum Kind {
        /** The API has dealt with the request, be it by refusing it. */
        PASSED,
        /** Above the rate limit. */
        LIMITED,
        /** The API or the way to it failed: 5xx, a timeout, a refused connection. */
        UNAVAILABLE,
        /** Nobody is served at present: a revoked key, an exhausted account. */
        BLOCKED,
        /** The call was given up by us and says nothing. */
        CANCELLED
    }

    public static Feedback limited(Duration pause) {
        return new Feedback(Kind.LIMITED, pause, "rate limited");
    }

    public static Feedback unavailable(String cause) {
        return new Feedback(Kind.UNAVAILABLE, Duration.ZERO, cause);
    }

    public static Feedback blocked(String cause) {
        return new Feedback(Kind.BLOCKED, Duration.ZERO, cause);
    }
}
