package dev.sluice.worker.cli.command;

import dev.sluice.worker.pool.BudgetReport;
import dev.sluice.worker.pool.LaneReport;
import java.io.PrintStream;
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
        cells.add(right(budget.limit().isPresent() ? number(budget.limit().getAsDouble()) : "-"));
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

    private static String number(double value) {
        if (value >= LARGE) {
            return String.format(Locale.ROOT, "%,.0f", value);
        }
        // A limit of ten a day is 0.000116/s.
        String text = String.format(Locale.ROOT, value < 0.1 ? "%.6f" : "%.2f", value);
        return text.replaceAll("\\.?0+$", "");
    }

    private static String right(String text) {
        return " ".repeat(Math.max(0, NUMBER_WIDTH - text.length())) + text;
    }
}
