package dev.sluice.worker.pace;

import dev.sluice.worker.provider.AdvertisedLimits;
import dev.sluice.worker.provider.LimitUnit;
import dev.sluice.worker.provider.TokenUsage;
import java.time.Duration;
import java.util.Optional;

/**
 * What the end of a call says about its lane.
 *
 * @param pause how long the API asks us to wait; zero where it does not say
 * @param cause a word or two for the log where the lane may stop because of this
 * @param over of {@link Kind#LIMITED}: what there was too much of; requests where the API does not say
 * @param quota the limits that the answer's headers name
 * @param usage the tokens that the answer says it cost; empty where it does not say
 */
public record CallFeedback(
        Kind kind, Duration pause, String cause, LimitUnit over, AdvertisedLimits quota, Optional<TokenUsage> usage) {
    public static final CallFeedback PASSED = of(Kind.PASSED, Duration.ZERO, "");
    public static final CallFeedback CANCELLED = of(Kind.CANCELLED, Duration.ZERO, "");

    public enum Kind {
        /** The API has dealt with the request, be it by refusing it. */
        PASSED,
        /** Above the rate limit. */
        LIMITED,
        /** The API or the way to it failed: 5xx, a timeout, a refused connection. */
        UNAVAILABLE,
        /** Nobody is served at present: a revoked key, an exhausted account. */
        BLOCKED,
        /** An edge in front of the API refuses us, or the text of this one request. */
        BLOCKED_BY_EDGE,
        /** The call was given up by us and says nothing. */
        CANCELLED
    }

    private static CallFeedback of(Kind kind, Duration pause, String cause) {
        return new CallFeedback(kind, pause, cause, LimitUnit.REQUESTS, AdvertisedLimits.NONE, Optional.empty());
    }

    public static CallFeedback limited(LimitUnit over, Duration pause) {
        return new CallFeedback(Kind.LIMITED, pause, "rate limited", over, AdvertisedLimits.NONE, Optional.empty());
    }

    public static CallFeedback unavailable(String cause) {
        return of(Kind.UNAVAILABLE, Duration.ZERO, cause);
    }

    public static CallFeedback blocked(String cause) {
        return of(Kind.BLOCKED, Duration.ZERO, cause);
    }

    public static CallFeedback blockedByEdge(String cause) {
        return of(Kind.BLOCKED_BY_EDGE, Duration.ZERO, cause);
    }

    public CallFeedback with(AdvertisedLimits told) {
        return new CallFeedback(kind, pause, cause, over, told, usage);
    }

    public CallFeedback with(Optional<TokenUsage> cost) {
        return new CallFeedback(kind, pause, cause, over, quota, cost);
    }
}
