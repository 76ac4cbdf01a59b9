package dev.sluice.trials.bench;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Draws a comparison as SVG. Each measure has a panel, with a bar for the median and a dot for each run of a contender.
 */
final class ComparisonPlot {
    private static final int PANEL = 230;
    private static final int GAP = 20;
    private static final int LEFT = 110;
    private static final int TOP = 34;
    private static final int BAR = 16;
    private static final int STEP = 24;
    private static final int FIGURE = 48;

    private final ContenderComparison comparison;
    private final StringBuilder svg = new StringBuilder();

    private ComparisonPlot(ContenderComparison comparison) {
        this.comparison = comparison;
    }

    static String svg(ContenderComparison comparison) {
        return new ComparisonPlot(comparison).draw();
    }

    private String draw() {
        List<Contender> contenders = List.copyOf(comparison.rounds().keySet());
        List<String> measures =
                List.copyOf(comparison.rounds().get(contenders.get(0)).get(0).keySet());
        add(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" "
                        + "font-size=\"12\">%n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>",
                LEFT + measures.size() * (PANEL + GAP), TOP + contenders.size() * STEP + GAP / 2);
        for (int row = 0; row < contenders.size(); row++) {
            text(
                    LEFT - 8,
                    TOP + row * STEP + BAR - 3,
                    "end",
                    contenders.get(row).toString());
        }
        for (int column = 0; column < measures.size(); column++) {
            panel(measures.get(column), LEFT + column * (PANEL + GAP));
        }
        return svg + "</svg>\n";
    }

    private void panel(String measure, int left) {
        text(left, TOP - 12, "start", measure);
        double most = comparison.rounds().values().stream()
                .flatMap(List::stream)
                .mapToDouble(round -> round.get(measure))
                .max()
                .orElse(0);
        double scale = most == 0 ? 0 : (PANEL - FIGURE) / most;
        int y = TOP;
        for (Contender contender : comparison.rounds().keySet()) {
            double median = comparison.median(contender, measure);
            String colour = contender.isFloor() ? "#b0b0b0" : "#4c78a8";
            add(
                    "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>",
                    left, y, median * scale, BAR, colour);
            for (Map<String, Double> round : comparison.rounds().get(contender)) {
                add(
                        "<circle cx=\"%.1f\" cy=\"%d\" r=\"2.5\" fill=\"black\"/>",
                        left + round.get(measure) * scale, y + BAR / 2);
            }
            text(left + PANEL, y + BAR - 3, "end", ContenderComparison.number(median));
            y += STEP;
        }
    }

    private void text(int x, int y, String anchor, String text) {
        add("<text x=\"%d\" y=\"%d\" text-anchor=\"%s\">%s</text>", x, y, anchor, text);
    }

    private void add(String format, Object... values) {
        svg.append(String.format(Locale.ROOT, format, values)).append('\n');
    }
}
