package dev.sluice.worker.pace;

import java.util.OptionalDouble;

/** The limits of a whole account for one model, per second, as an answer's headers name them. */
public record AdvertisedLimits(OptionalDouble requests, OptionalDouble tokens) {
    public static final AdvertisedLimits UNKNOWN = new AdvertisedLimits(OptionalDouble.empty(), OptionalDouble.empty());

    OptionalDouble of(LimitUnit unit) {
        return unit == LimitUnit.REQUESTS ? requests : tokens;
    }
}
