package dev.sluice.trials.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a scenario has measured, in the order in which it is shown, and the bounds it is judged by. */
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

    /** One line of a table whose lines all have the same columns. */
    ScenarioResult row(String name, Map<String, String> cells) {
        rows.put(name, cells);
        return this;
    }

    /** SVG. */
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

    /** By their names; empty: there is no table. */
    Map<String, Map<String, String>> rows() {
        return rows;
    }

    /** SVG; empty: there is none. */
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
