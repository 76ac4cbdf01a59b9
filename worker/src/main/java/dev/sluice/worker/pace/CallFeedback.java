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
 * @param isFree true if the call cannot have cost anything, so that the tokens reserved for it are given back
 * @param advertised the limits in the answer's headers
 * @param usage the tokens that the answer says it cost; empty if it does not say
 * @param produced a rough number of the tokens that have come as a stream; 0 if none have
 */
public record CallFeedback(
        Kind kind,
        Duration pause,
        String cause,
        LimitUnit exceeded,
        boolean isFree,
        AdvertisedLimits advertised,
        Optional<TokenUsage> usage,
        long produced) {
    public static final CallFeedback PASSED = of(Kind.PASSED, "", false);
    public static final CallFeedback CANCELLED = of(Kind.CANCELLED, "", false);

    /** The kinds of ends that a lane distinguishes. */
    public enum Kind {
        /** The API has answered the request. */
        PASSED,
        /** The API has rejected the request itself. */
        REJECTED,
        /** The API has rejected the request, or something in its form has rejected the URL or the key. */
        REJECTED_IN_DOUBT,
        /** The call was above the rate limit. */
        LIMITED,
        /** The API answered that it failed, as with a 5xx. */
        FAILED,
        /** The call had no complete answer, as with a time-out. */
        UNANSWERED,
        /** The API serves nobody at present, as with a revoked key or an exhausted account. */
        BLOCKED,
        /** Something in front of the API answered for it. It may reject all our calls, or only this request. */
        FOREIGN,
        /** The call was ended by us, which says nothing about the API. */
        CANCELLED
    }

    private static CallFeedback of(Kind kind, String cause, boolean isFree) {
        return of(kind, cause, Duration.ZERO, LimitUnit.REQUESTS, isFree);
    }

    private static CallFeedback of(Kind kind, String cause, Duration pause, LimitUnit exceeded, boolean isFree) {
        return new CallFeedback(kind, pause, cause, exceeded, isFree, AdvertisedLimits.NONE, Optional.empty(), 0);
    }

    /**
     * Makes the feedback of a call whose request the API rejected.
     *
     * @param cause the status and the code; many in a row with the same one are one mistake that hits all of them
     */
    public static CallFeedback rejected(String cause) {
        return of(Kind.REJECTED, cause, true);
    }

    /**
     * Returns the feedback of a rejection that may be about the URL or the key.
     *
     * @param cause the status and the code
     */
    public static CallFeedback rejectedInDoubt(String cause) {
        return of(Kind.REJECTED_IN_DOUBT, cause, true);
    }

    public static CallFeedback limited(LimitUnit exceeded, Duration pause) {
        return of(Kind.LIMITED, "rate limited", pause, exceeded, true);
    }

    /**
     * Makes the feedback of a call that failed without being evidently the fault of its request.
     *
     * @param mayHaveCost true if the API may have worked on the request, and charged it
     */
    public static CallFeedback failed(FailureKind kind, String cause, boolean mayHaveCost) {
        Kind end = switch (kind) {
            case NO_ANSWER -> Kind.UNANSWERED;
            case FOREIGN -> Kind.FOREIGN;
            case SERVER, LIMITED -> Kind.FAILED;
        };
        return of(end, cause, !mayHaveCost);
    }

    /**
     * Makes the feedback of a call that was aborted because its request was cancelled.
     *
     * @param mayHaveCost true if the API may have worked on the request. The estimate of its tokens stays spent then.
     */
    public static CallFeedback aborted(boolean mayHaveCost) {
        return of(Kind.CANCELLED, "", !mayHaveCost);
    }

    public static CallFeedback blocked(String cause) {
        return of(Kind.BLOCKED, cause, true);
    }

    public CallFeedback with(AdvertisedLimits limits) {
        return new CallFeedback(kind, pause, cause, exceeded, isFree, limits, usage, produced);
    }

    public CallFeedback with(Optional<TokenUsage> cost) {
        return new CallFeedback(kind, pause, cause, exceeded, isFree, advertised, cost, produced);
    }

    /** Returns the feedback of a call whose answer came as a stream, with roughly so many tokens. */
    public CallFeedback producing(long tokens) {
        return new CallFeedback(kind, pause, cause, exceeded, isFree, advertised, usage, tokens);
    }
}
