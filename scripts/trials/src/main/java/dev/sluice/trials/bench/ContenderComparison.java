package dev.sluice.trials.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/**
 * What several runs of each contender have shown: medians, and how they compare with the best floor's.
 *
 * @param rounds every contender has the same measures
 */
record ContenderComparison(Map<Contender, List<Map<String, Double>>> rounds) {

    double median(Contender contender, String measure) {
        return PaceReport.median(rounds.get(contender).stream()
                .mapToDouble(round -> round.get(measure))
                .toArray());
    }

    /** Of the floors; of rates (measures that end in {@code /s}) the highest is the best, of all others the lowest. */
    OptionalDouble floor(String measure) {
        var medians = rounds.keySet().stream()
                .filter(Contender::isFloor)
                .mapToDouble(contender -> median(contender, measure));
        return measure.endsWith("/s") ? medians.max() : medians.min();
    }

    /** To the best floor; empty where there is none, or nothing to divide by. */
    OptionalDouble ratio(Contender contender, String measure) {
        OptionalDouble floor = floor(measure);
        return floor.isPresent() && floor.getAsDouble() > 0
                ? OptionalDouble.of(median(contender, measure) / floor.getAsDouble())
                : OptionalDouble.empty();
    }

    /** A row for each contender, and a plot. */
    void show(ScenarioResult result) {
        result.plot(ComparisonPlot.svg(this));
        rounds.forEach((contender, runs) -> {
            Map<String, String> cells = new LinkedHashMap<>();
            for (String measure : runs.get(0).keySet()) {
                cells.put(measure, cell(contender, measure));
            }
            result.row(contender.toString(), cells);
        });
    }

    /** The median must not be above {@code most}; nothing where the contender did not take part. */
    void bound(ScenarioResult result, Contender contender, String measure, long most) {
        if (rounds.containsKey(contender)) {
            result.bound(
                    new MeasuredBound(contender + ": " + measure, (long) Math.ceil(median(contender, measure)), most));
        }
    }

    /** In no round may it be above what {@code most} makes of that round. */
    void boundEach(
            ScenarioResult result, Contender contender, String measure, ToDoubleFunction<Map<String, Double>> most) {
        for (Map<String, Double> round : rounds.getOrDefault(contender, List.of())) {
            result.bound(new MeasuredBound(contender + ": " + measure, (long) Math.ceil(round.get(measure)), (long)
                    most.applyAsDouble(round)));
        }
    }

    private String cell(Contender contender, String measure) {
        String value = number(median(contender, measure));
        OptionalDouble ratio = ratio(contender, measure);
        return ratio.isPresent() ? value + String.format(Locale.ROOT, " (%.2f)", ratio.getAsDouble()) : value;
    }

    static String number(double value) {
        return String.format(Locale.ROOT, value < 10 ? "%.2f" : "%.0f", value);
    }
}
