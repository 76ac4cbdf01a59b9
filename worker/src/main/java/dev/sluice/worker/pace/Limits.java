package dev.sluice.worker.pace;

import java.util.Map;

/**
 * What is known beforehand of the limits. Immutable.
 *
 * @param own of the models that have one of their own
 * @param others of each of all other models
 */
public record Limits(Map<String, Limit> own, Limit others) {
    public Limits {
        own = Map.copyOf(own);
    }

    /** Models have no limits of their own. */
    public static Limits each(Limit limit) {
        return new Limits(Map.of(), limit);
    }

    Limit of(String model) {
        return own.getOrDefault(model, others);
    }

    boolean isOwn(String model) {
        return own.containsKey(model);
    }
}
