package dev.sluice.worker.pool;

import java.util.Map;
import java.util.Optional;

/**
 * The parts of each lane's limits that a worker may spend because others do not. They hold for a short time only.
 * Immutable.
 *
 * @param byModel the parts by model; a lane that is not there has the part of the worker's own bundles
 * @param byGroup the same of limits that several models have in common
 * @param validUntil the monotonic time in nanoseconds at which they end
 */
public record LentShares(Map<String, Parts> byModel, Map<String, Parts> byGroup, long validUntil) {
    /** Nothing that is lent. */
    public static final LentShares NONE = new LentShares(Map.of(), Map.of(), 0);

    /** The parts of one lane's limits. */
    public record Parts(LimitPart requests, LimitPart tokens) {
        /** The parts of a lane of which the others' reports say nothing. */
        public static final Parts UNKNOWN = new Parts(LimitPart.UNKNOWN, LimitPart.UNKNOWN);
    }

    public LentShares {
        byModel = Map.copyOf(byModel);
        byGroup = Map.copyOf(byGroup);
    }

    /** Returns true if nothing is lent. */
    public boolean isEmpty() {
        return byModel.isEmpty() && byGroup.isEmpty();
    }

    /** Returns the parts of a lane. */
    public Parts of(String model) {
        return Optional.ofNullable(byModel.get(model)).orElse(Parts.UNKNOWN);
    }

    /** Returns the parts of a limit that several models have in common. */
    public Parts ofGroup(String group) {
        return Optional.ofNullable(byGroup.get(group)).orElse(Parts.UNKNOWN);
    }
}
