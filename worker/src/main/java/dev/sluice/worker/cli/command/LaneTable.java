package dev.sluice.worker.cli.command;

import dev.sluice.worker.pool.BudgetReport;
import dev.sluice.worker.pool.LaneReport;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** A table of lanes for a person. A lane has a second row if a limit of its tokens is known. */
public final class LaneTable {
    private static final String[] HEADS = {
        "MODEL", "STATE", right("WAITING"), right("CALLED"), right("SPENT/S"), right("LIMIT/S"), "FROM"
    };
    private static final int NUMBER_WIDTH = 7;
    /** The least number that is shown without decimals. */
    private static final double LARGE = 100;
    /** A limit below this, per second, is shown in a longer time. */
    private static final double SLOW = 0.1;
    /** A number that differs from a whole one by a smaller part than this is meant to be the whole one. */
    private static final double TOLERANCE = 1e-3;

    private final int more;
    private final TextTable table;

    /** @param heads the heads of more columns, which come before the ones of the lane */
    public LaneTable(String... heads) {
        this.more = heads.length;
        this.table =
                new TextTable(Stream.of(heads, HEADS).flatMap(Arrays::stream).toArray(String[]::new));
    }

    /** Adds the rows of a lane, with a cell for each of the columns before it. */
    public void add(LaneReport lane, String... cells) {
        List<Object> first = new ArrayList<>(List.of(cells));
        first.add(model(lane.model()));
        add(lane, first);
    }

    /** Adds the rows of a limit that several models have in common, with a cell for each of the columns before it. */
    public void addGroup(LaneReport group, String... cells) {
        List<Object> first = new ArrayList<>(List.of(cells));
        first.add("in common: " + group.model());
        add(group, first);
    }

    private void add(LaneReport lane, List<Object> first) {
        first.add(lane.state());
        first.add(right(String.format(Locale.ROOT, "%,d", lane.waiting())));
        first.add(right(String.format(Locale.ROOT, "%,d", lane.inFlight())));
        table.row(with(first, lane.requests()));
        if (lane.tokens().limit().isPresent()) {
            List<Object> second = new ArrayList<>(Collections.nCopies(more, ""));
            second.addAll(List.of("  in tokens", "", "", ""));
            table.row(with(second, lane.tokens()));
        }
    }

    private static Object[] with(List<Object> cells, BudgetReport budget) {
        cells.add(right(number(budget.spent())));
        cells.add(right(budget.limit().isPresent() ? limit(budget.limit().getAsDouble()) : "-"));
        cells.add(budget.limit().isPresent() ? budget.source().name().toLowerCase(Locale.ROOT) : "-");
        return cells.toArray();
    }

    public void print(PrintStream out) {
        table.print(out);
    }

    /** Returns the name of a lane, which is empty for the one that models share. */
    public static String model(String model) {
        return model.isEmpty() ? "(shared lane)" : model;
    }

    /** Returns a limit per second, or in the shortest time in which a slow one is a whole number: {@code 50/day}. */
    private static String limit(double perSecond) {
        if (perSecond >= SLOW) {
            return number(perSecond);
        }
        if (isWhole(perSecond * Duration.ofMinutes(1).toSeconds())) {
            return number(perSecond * Duration.ofMinutes(1).toSeconds()) + "/min";
        }
        return isWhole(perSecond * Duration.ofHours(1).toSeconds())
                ? number(perSecond * Duration.ofHours(1).toSeconds()) + "/h"
                : number(perSecond * Duration.ofDays(1).toSeconds()) + "/day";
    }

    private static boolean isWhole(double value) {
        return value > 0.5 && Math.abs(value - Math.rint(value)) < TOLERANCE * value;
    }

    private static String number(double value) {
        if (value >= LARGE) {
            return String.format(Locale.ROOT, "%,.0f", value);
        }
        return String.format(Locale.ROOT, "%.2f", value).replaceAll("\\.?0+$", "");
    }

    private static String right(String text) {
        return " ".repeat(Math.max(0, NUMBER_WIDTH - text.length())) + text;
    }
}
