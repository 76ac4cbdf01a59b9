package dev.sluice.sandbox;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A rule that applies a fault to calls without a directive. It is immutable. As JSON a rule is {@code
 * {"fault":"status=503"}}, {@code {"fault":"hang","probability":0.01}} or {@code {"fault":"cut-body","next":3}}.
 *
 * <p>A rule with neither {@code probability} nor {@code next} applies to every call, as in an outage.
 *
 * @param fault the fault to apply
 * @param probability the probability for each call, 0 to 1, or null
 * @param next the number of next calls the fault applies to, counted from when the list of rules was set, or null
 */
public record FaultRule(
        ApiFault fault,
        @Nullable Double probability,
        @Nullable Integer next) {
    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException with the value that is out of range
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

    /** Makes a rule for every call, which simulates an outage. */
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
