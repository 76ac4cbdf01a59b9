package dev.sluice.trials.bench;

import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** Adds several runs of each scenario of {@code pace} to one result. */
final class PaceReport {
    private static final String NOTHING = "–";

    private final ScenarioResult result;
    private final Map<String, PaceOutcome> drawn = new LinkedHashMap<>();

    PaceReport(ScenarioResult result) {
        this.result = result;
    }

    /** Adds all runs of one scenario, at least one. */
    void add(String name, List<PaceOutcome> runs) {
        List<MeasuredBound> bounds =
                judged(runs.stream().map(PaceOutcome::bounds).toList());
        bounds.forEach(
                bound -> result.bound(new MeasuredBound(name + ": " + bound.what(), bound.measured(), bound.limit())));
        PaceOutcome any = runs.get(0);
        Map<String, String> cells =
                cells(any.limit(), any.promise(), bounds.stream().allMatch(MeasuredBound::holds));
        cells.put(
                "calls",
                "%.0f".formatted(median(runs, run -> run.traffic().calls().size())));
        cells.put("utilisation", percent(median(runs, PaceOutcome::utilisation)));
        cells.put("429s", percent(median(runs, PaceOutcome::rejected)));
        result.row(name, cells);
        drawn.put(name, middle(runs));
        result.plot(PacePlot.svg(drawn));
    }

    /** Returns the run with the median of what was used, or of what was rejected if that is not judged. */
    private static PaceOutcome middle(List<PaceOutcome> runs) {
        return runs.stream()
                .sorted(Comparator.comparingDouble(PaceOutcome::utilisation).thenComparingDouble(PaceOutcome::rejected))
                .toList()
                .get(runs.size() / 2);
    }

    /** Adds a scenario that could not be measured. */
    void failed(String name, String why) {
        result.put(name + " has failed", why);
        result.bound(new MeasuredBound(name + ": runs that failed", 1, 0));
        result.row(name, cells(NOTHING, NOTHING, false));
    }

    /** Makes the cells of a row. Every row has the same columns. */
    private static Map<String, String> cells(String limit, String promise, boolean holds) {
        Map<String, String> cells = new LinkedHashMap<>();
        cells.put("limit", limit);
        cells.put("calls", NOTHING);
        cells.put("utilisation", NOTHING);
        cells.put("429s", NOTHING);
        cells.put("bound", promise);
        cells.put("", holds ? "held" : "MISSED");
        return cells;
    }

    /**
     * Returns the median of each bound over the runs. A bound of 0 must never be missed and is judged by the worst run.
     */
    static List<MeasuredBound> judged(List<List<MeasuredBound>> runs) {
        List<MeasuredBound> first = runs.get(0);
        return IntStream.range(0, first.size())
                .mapToObj(place -> {
                    long[] measured = runs.stream()
                            .mapToLong(bounds -> bounds.get(place).measured())
                            .sorted()
                            .toArray();
                    MeasuredBound bound = first.get(place);
                    int rank = bound.limit() == 0 ? measured.length - 1 : measured.length / 2;
                    return new MeasuredBound(bound.what(), measured[rank], bound.limit());
                })
                .toList();
    }

    /** Returns the median. Of an even number of values that is the upper one in the middle, which was measured. */
    static double median(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static double median(List<PaceOutcome> runs, ToDoubleFunction<PaceOutcome> value) {
        return median(runs.stream().mapToDouble(value).toArray());
    }

    static String percent(double share) {
        return Double.isNaN(share) ? NOTHING : String.format(Locale.ROOT, "%.1f %%", share * 100);
    }
}
