package dev.sluice.worker.cli.options;

import dev.sluice.worker.pace.ConfiguredLimit;
import dev.sluice.worker.pace.ConfiguredLimits;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A value of {@code --limit}.
 *
 * @param model a model, {@code *}, or a group of models as {@link ConfiguredLimits} names it
 */
public record ModelLimit(String model, ConfiguredLimit limit) {
    /**
     * Reads {@code MODEL=10/s} and similar forms.
     *
     * @throws IllegalArgumentException if the text has no such form. The message names the accepted forms.
     */
    static ModelLimit parse(String text) {
        // A model's name might contain '=', a limit never does.
        int equals = text.lastIndexOf('=');
        if (equals < 1) {
            throw new IllegalArgumentException(
                    "'" + text + "' is none of MODEL=10/s, MODEL=600/min, MODEL=100/h, MODEL=50/day, "
                            + "'MODEL=10/s,4000 tokens/s', MODEL=none; "
                            + "MODEL may be * for every model without a limit of its own, A+B for one limit over both, "
                            + "and all for one over all");
        }
        String model = text.substring(0, equals).strip();
        ConfiguredLimit limit = limit(text, text.substring(equals + 1));
        if (!ConfiguredLimits.isGroup(model)) {
            return new ModelLimit(model, limit);
        }
        if (limit.isNone()) {
            throw new IllegalArgumentException("'" + text + "' gives several models no limit in common; leave it out");
        }
        return new ModelLimit(group(model, text), limit);
    }

    private static ConfiguredLimit limit(String text, String value) {
        try {
            return ConfiguredLimit.parse(value);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("in '" + text + "' " + e.getMessage(), e);
        }
    }

    /** Returns the name of a group, which is the same in whatever order its models are named. */
    private static String group(String models, String text) {
        List<String> members = new ArrayList<>();
        for (String each : models.split("[+]", -1)) {
            String member = each.strip();
            if (member.isEmpty()) {
                throw new IllegalArgumentException("'" + text + "' lacks a model beside '+'; a limit in common has the "
                        + "form A+B=10/s, and a model with '+' in its name can be limited by * and all only");
            }
            if (members.contains(member)) {
                throw new IllegalArgumentException("'" + text + "' names model '" + member + "' twice; keep one");
            }
            members.add(member);
        }
        boolean isOfAll = members.contains("*") || members.contains(ConfiguredLimits.ALL);
        if (isOfAll && members.size() > 1) {
            throw new IllegalArgumentException(
                    "'" + text + "' has * or all beside other models; say all=10/s for one limit over all of them");
        }
        members.sort(Comparator.naturalOrder());
        return String.join(ConfiguredLimits.PLUS, members);
    }

    /** Returns the limits by model. A model that occurs twice is a problem, because either limit might be meant. */
    public static Map<String, ConfiguredLimit> byModel(List<ModelLimit> limits, List<String> problems) {
        Map<String, ConfiguredLimit> byModel = new LinkedHashMap<>();
        List<String> twice = new ArrayList<>();
        for (ModelLimit each : limits) {
            if (byModel.put(each.model(), each.limit()) != null && !twice.contains(each.model())) {
                twice.add(each.model());
            }
        }
        twice.forEach(model -> problems.add("--limit: " + (ConfiguredLimits.isGroup(model) ? "group" : "model") + " '"
                + model + "' has more than one; keep one"));
        return byModel;
    }
}
