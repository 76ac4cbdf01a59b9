package dev.sluice.trials.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a scenario has measured, in the order in which it is shown, and the bounds it is judged by. */
final class Result {
    private final Map<String, Object> measured = new LinkedHashMap<>();
    private final Map<String, Map<String, String>> rows = new LinkedHashMap<>();
    private final List<Bound> bounds = new ArrayList<>();
    private String plot = "";

    Result put(String what, long value) {
        measured.put(what, value);
        return this;
    }

    Result put(String what, String value) {
        measured.put(what, value);
        return this;
    }

    Result put(String what, Percentiles values) {
        measured.put(what, values.summary());
        return this;
    }

    /** One line of a table whose lines all have the same columns. */
    Result row(String name, Map<String, String> cells) {
        rows.put(name, cells);
        return this;
    }

    /** SVG. */
    Result plot(String svg) {
        plot = svg;
        return this;
    }

    Result bound(Bound bound) {
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

    List<Bound> bounds() {
        return bounds;
    }

    boolean holds() {
        return bounds.stream().allMatch(Bound::holds);
    }
}
