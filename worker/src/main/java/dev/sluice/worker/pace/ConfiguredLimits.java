package dev.sluice.worker.pace;

import java.util.Map;

/**
 * The configured limits of all models. Immutable.
 *
 * @param own the limits of models that have one of their own
 * @param others the limit of each of the other models
 */
public record ConfiguredLimits(Map<String, ConfiguredLimit> own, ConfiguredLimit others) {
    public ConfiguredLimits {
        own = Map.copyOf(own);
    }

    /** Returns the limits of a configuration in which no model has one of its own. */
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
