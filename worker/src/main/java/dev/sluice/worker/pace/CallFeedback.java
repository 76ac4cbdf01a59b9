package dev.sluice.worker.pace;

import dev.sluice.worker.provider.AdvertisedLimits;
import dev.sluice.worker.provider.LimitUnit;
import dev.sluice.worker.provider.TokenUsage;
import java.time.Duration;
import java.util.Optional;

/**
 * The facts about its lane that the end of a call reveals.
 *
 * @param pause how long the API asks us to wait; zero if it does not say
 * @param cause a few words for the log, used if the lane stops because of this call
 * @param exceeded the unit whose limit a {@link Kind#LIMITED} call exceeded; requests if the API does not say
 * @param advertised the limits in the answer's headers
 * @param usage the tokens that the answer says it cost; empty if it does not say
 */
public record CallFeedback(
        Kind kind,
        Duration pause,
        String cause,
        LimitUnit exceeded,
        AdvertisedLimits advertised,
        Optional<TokenUsage> usage) {
    public static final CallFeedback PASSED = of(Kind.PASSED, Duration.ZERO, "");
    public static final CallFeedback CANCELLED = of(Kind.CANCELLED, Duration.ZERO, "");

    /** The kinds of ends that a lane distinguishes. */
    public enum Kind {
        /** The API has dealt with the request, by answering or by rejecting it. */
        PASSED,
        /** The call was above the rate limit. */
        LIMITED,
        /** The API or the way to it failed, as with a 5xx or a timeout. */
        UNAVAILABLE,
        /** The API serves nobody at present, as with a revoked key or an exhausted account. */
        BLOCKED,
        /** An edge in front of the API rejects all our calls, or only the text of this request. */
        BLOCKED_BY_EDGE,
        /** We cancelled the call, which says nothing about the API. */
        CANCELLED
    }

    private static CallFeedback of(Kind kind, Duration pause, String cause) {
        return new CallFeedback(kind, pause, cause, LimitUnit.REQUESTS, AdvertisedLimits.NONE, Optional.empty());
    }

    public static CallFeedback limited(LimitUnit exceeded, Duration pause) {
        return new CallFeedback(Kind.LIMITED, pause, "rate limited", exceeded, AdvertisedLimits.NONE, Optional.empty());
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

    public CallFeedback with(AdvertisedLimits limits) {
        return new CallFeedback(kind, pause, cause, exceeded, limits, usage);
    }

    public CallFeedback with(Optional<TokenUsage> cost) {
        return new CallFeedback(kind, pause, cause, exceeded, advertised, cost);
    }
}
