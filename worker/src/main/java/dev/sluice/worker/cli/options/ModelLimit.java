package dev.sluice.worker.cli.options;

import dev.sluice.worker.pace.ConfiguredLimit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A value of {@code --limit}. */
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
                            + "MODEL may be * for every model without a limit of its own");
        }
        return new ModelLimit(text.substring(0, equals).strip(), ConfiguredLimit.parse(text.substring(equals + 1)));
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
        twice.forEach(model -> problems.add("--limit: model '" + model + "' has more than one; keep one"));
        return byModel;
    }
}
