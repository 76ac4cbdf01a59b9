package dev.sluice.worker.pace;

import java.util.Map;

/**
 * What is known beforehand of the limits. Immutable.
 *
 * @param own of the models that have one of their own
 * @param others of each of all other models
 */
public record ConfiguredLimits(Map<String, ConfiguredLimit> own, ConfiguredLimit others) {
    public ConfiguredLimits {
        own = Map.copyOf(own);
    }

    /** Models have no limits of their own. */
    public static ConfiguredLimits each(ConfiguredLimit limit) {
        return new ConfiguredLimits(Map.of(), limit);
    }

    ConfiguredLimit of(String model) {
        return own.getOrDefault(model, others);
    }

    boolean isOwn(String model) {
        return own.containsKey(model);
    }
}
