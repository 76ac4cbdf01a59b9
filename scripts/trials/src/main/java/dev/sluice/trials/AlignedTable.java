package dev.sluice.trials;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Formats named rows with the same columns as aligned text. */
public final class AlignedTable {
    private static final String GAP = "  ";

    private AlignedTable() {}

    /** Returns a line of column names and a line for each row, or an empty text if there is no row. */
    public static String of(Map<String, Map<String, String>> rows) {
        List<List<String>> lines = new ArrayList<>();
        rows.forEach((name, cells) -> {
            if (lines.isEmpty()) {
                lines.add(line("", List.copyOf(cells.keySet())));
            }
            lines.add(line(name, List.copyOf(cells.values())));
        });
        StringBuilder text = new StringBuilder();
        for (List<String> line : lines) {
            StringBuilder row = new StringBuilder();
            for (int column = 0; column < line.size(); column++) {
                row.append(padded(line.get(column), width(lines, column))).append(GAP);
            }
            text.append(row.toString().stripTrailing()).append(System.lineSeparator());
        }
        return text.toString();
    }

    private static List<String> line(String first, List<String> others) {
        List<String> line = new ArrayList<>(List.of(first));
        line.addAll(others);
        return line;
    }

    private static int width(List<List<String>> lines, int column) {
        return lines.stream().mapToInt(line -> line.get(column).length()).max().orElse(0);
    }

    private static String padded(String text, int width) {
        return text + " ".repeat(width - text.length());
    }
}
