package dev.sluice.worker.pace;

import java.util.List;
import java.util.Map;

/**
 * The configured limits of all models. Immutable.
 *
 * @param own the limits of models that have one of their own
 * @param others the limit of each of the other models
 * @param groups the limits that several models have in common, by the names of the models with {@link #PLUS} between
 *     them, or {@link #ALL}
 */
public record ConfiguredLimits(
        Map<String, ConfiguredLimit> own, ConfiguredLimit others, Map<String, ConfiguredLimit> groups) {
    /** The name of the group that all models are in. */
    public static final String ALL = "all";

    /** The character between the models of a group. */
    public static final String PLUS = "+";

    public ConfiguredLimits {
        own = Map.copyOf(own);
        groups = Map.copyOf(groups);
    }

    /** Returns limits without groups. */
    public ConfiguredLimits(Map<String, ConfiguredLimit> own, ConfiguredLimit others) {
        this(own, others, Map.of());
    }

    /** Returns whether a name stands for several models. */
    public static boolean isGroup(String name) {
        return name.equals(ALL) || name.contains(PLUS);
    }

    static boolean isInGroup(String model, String group) {
        return group.equals(ALL) || List.of(group.split("[+]")).contains(model);
    }

    /** Returns the limits of a configuration in which no model has one of its own. */
    public static ConfiguredLimits each(ConfiguredLimit limit) {
        return new ConfiguredLimits(Map.of(), limit);
    }

    ConfiguredLimit of(String model) {
        return own.getOrDefault(model, others);
    }

    /** Returns true if the model is named, alone or in a group, so that it always has a lane. */
    boolean isOwn(String model) {
        return own.containsKey(model)
                || groups.keySet().stream().anyMatch(group -> !group.equals(ALL) && isInGroup(model, group));
    }
}
