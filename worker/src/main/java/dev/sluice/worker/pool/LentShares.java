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

    /**
     * The parts of one lane's limits, each from 0 to 1, or {@link #UNKNOWN}.
     *
     * @param requests of the requests
     * @param tokens of the tokens
     */
    public record Parts(double requests, double tokens) {
        /** The part of a limit that is not divided by demand. */
        public static final double UNKNOWN = -1;

        /** The parts of limits that are not divided by demand. */
        public static final Parts NOTHING = new Parts(UNKNOWN, UNKNOWN);
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
    public Optional<Parts> of(String model) {
        return Optional.ofNullable(byModel.get(model));
    }

    /** Returns the parts of a limit that several models have in common. */
    public Optional<Parts> ofGroup(String group) {
        return Optional.ofNullable(byGroup.get(group));
    }
}
