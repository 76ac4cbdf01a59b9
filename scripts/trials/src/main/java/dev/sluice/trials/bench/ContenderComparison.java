package dev.sluice.trials.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/**
 * The figures of several runs of each contender: their medians, and the ratios to the best floor.
 *
 * @param rounds the figures of each run by their names, which are the same for every contender
 */
record ContenderComparison(Map<Contender, List<Map<String, Double>>> rounds) {
    double median(Contender contender, String measure) {
        return PaceReport.median(rounds.get(contender).stream()
                .mapToDouble(round -> round.get(measure))
                .toArray());
    }

    /**
     * Returns the best median of the floors. The best rate (a measure that ends in {@code /s}) is the highest. For all
     * other measures it is the lowest.
     */
    OptionalDouble floor(String measure) {
        var medians = rounds.keySet().stream()
                .filter(Contender::isFloor)
                .mapToDouble(contender -> median(contender, measure));
        return measure.endsWith("/s") ? medians.max() : medians.min();
    }

    /** Returns the ratio to the best floor. Empty if there is no floor or its figure is 0. */
    OptionalDouble ratio(Contender contender, String measure) {
        OptionalDouble floor = floor(measure);
        return floor.isPresent() && floor.getAsDouble() > 0
                ? OptionalDouble.of(median(contender, measure) / floor.getAsDouble())
                : OptionalDouble.empty();
    }

    /** Adds a row for each contender and a plot to the result. */
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

    /** Adds a bound of the contender's median. Adds nothing if the contender did not take part. */
    void bound(ScenarioResult result, Contender contender, String measure, long most) {
        if (rounds.containsKey(contender)) {
            result.bound(
                    new MeasuredBound(contender + ": " + measure, (long) Math.ceil(median(contender, measure)), most));
        }
    }

    /** Adds a bound for every run of the contender, which {@code most} computes from the figures of that run. */
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
