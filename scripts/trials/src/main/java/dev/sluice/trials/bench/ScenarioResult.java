package dev.sluice.trials.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The figures of a scenario in the order in which they are shown, and the bounds that judge them. */
final class ScenarioResult {
    private final Map<String, Object> measured = new LinkedHashMap<>();
    private final Map<String, Map<String, String>> rows = new LinkedHashMap<>();
    private final List<MeasuredBound> bounds = new ArrayList<>();
    private String plot = "";

    ScenarioResult put(String what, long value) {
        measured.put(what, value);
        return this;
    }

    ScenarioResult put(String what, String value) {
        measured.put(what, value);
        return this;
    }

    ScenarioResult put(String what, Percentiles values) {
        measured.put(what, values.summary());
        return this;
    }

    /** Adds a row to the table. All rows have the same columns. */
    ScenarioResult row(String name, Map<String, String> cells) {
        rows.put(name, cells);
        return this;
    }

    /** Sets the plot, which is SVG. */
    ScenarioResult plot(String svg) {
        plot = svg;
        return this;
    }

    ScenarioResult bound(MeasuredBound bound) {
        bounds.add(bound);
        return this;
    }

    Map<String, Object> measured() {
        return measured;
    }

    /** Returns the rows of the table by their names. Empty if there is no table. */
    Map<String, Map<String, String>> rows() {
        return rows;
    }

    /** Returns the plot as SVG. Empty if there is none. */
    String plot() {
        return plot;
    }

    List<MeasuredBound> bounds() {
        return bounds;
    }

    boolean holds() {
        return bounds.stream().allMatch(MeasuredBound::holds);
    }
}
