package dev.sluice.worker.pace;

import java.util.OptionalDouble;

/** The limits of a whole account for one model, per second, as an answer's headers name them. */
public record Quota(OptionalDouble requests, OptionalDouble tokens) {
    public static final Quota UNKNOWN = new Quota(OptionalDouble.empty(), OptionalDouble.empty());

    OptionalDouble of(Unit unit) {
        return unit == Unit.REQUESTS ? requests : tokens;
    }
}
