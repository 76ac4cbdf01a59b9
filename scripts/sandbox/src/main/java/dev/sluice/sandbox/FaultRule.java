package dev.sluice.sandbox;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * When a fault strikes calls that didn't ask for it. As JSON: {@code {"fault":"status=503"}},
 * {@code {"fault":"hang","probability":0.01}}, {@code {"fault":"cut-body","next":3}}. Immutable.
 *
 * @param fault what happens
 * @param probability of each call, between 0 and 1; null: not by chance
 * @param next the next so many calls, counted from when the list of rules was applied; null: not counted. With neither,
 *     the fault strikes every call as long as the rule is there: an outage.
 */
public record FaultRule(
        ApiFault fault,
        @Nullable Double probability,
        @Nullable Integer next) {
    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException naming the value that is out of range
     */
    public FaultRule {
        Objects.requireNonNull(fault, "a fault rule needs a fault");
        if (probability != null && !(probability >= 0 && probability <= 1)) {
            throw new IllegalArgumentException("probability is " + probability + "; it must lie between 0 and 1");
        }
        if (next != null && next < 1) {
            throw new IllegalArgumentException("next is " + next + "; it must be at least 1");
        }
        if (probability != null && next != null) {
            throw new IllegalArgumentException("a rule has probability or next, not both: '" + fault + "'");
        }
        if (fault.times().isPresent()) {
            throw new IllegalArgumentException("times is for directives; a rule has next instead: '" + fault + "'");
        }
    }

    /** An outage: every call, as long as the rule is there. */
    public static FaultRule always(ApiFault fault) {
        return new FaultRule(fault, null, null);
    }

    public static FaultRule next(int calls, ApiFault fault) {
        return new FaultRule(fault, null, calls);
    }

    public static FaultRule withProbability(double probability, ApiFault fault) {
        return new FaultRule(fault, probability, null);
    }
}
