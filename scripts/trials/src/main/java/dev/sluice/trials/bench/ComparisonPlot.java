package dev.sluice.trials.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Draws a comparison as SVG: a panel for each measure, in it a bar for each contender's median and a dot for each run. */
final class ComparisonPlot {
    private static final int PANEL = 230;
    private static final int GAP = 20;
    private static final int LEFT = 110;
    private static final int TOP = 34;
    private static final int BAR = 16;
    private static final int STEP = 24;
    private static final int FIGURE = 48;

    private ComparisonPlot() {}

    static String svg(ContenderComparison comparison) {
        List<Contender> contenders = List.copyOf(comparison.rounds().keySet());
        List<String> measures = new ArrayList<>(
                comparison.rounds().get(contenders.get(0)).get(0).keySet());
        int width = LEFT + measures.size() * (PANEL + GAP);
        int height = TOP + contenders.size() * STEP + GAP / 2;
        StringBuilder svg = new StringBuilder();
        add(
                svg,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" "
                        + "font-size=\"12\">%n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n",
                width,
                height);
        for (int row = 0; row < contenders.size(); row++) {
            add(
                    svg,
                    "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>%n",
                    LEFT - 8,
                    TOP + row * STEP + BAR - 3,
                    contenders.get(row));
        }
        for (int column = 0; column < measures.size(); column++) {
            panel(svg, comparison, measures.get(column), LEFT + column * (PANEL + GAP));
        }
        return svg.append("</svg>\n").toString();
    }

    private static void panel(StringBuilder svg, ContenderComparison comparison, String measure, int left) {
        add(svg, "<text x=\"%d\" y=\"%d\" font-weight=\"bold\">%s</text>%n", left, TOP - 12, measure);
        double most = comparison.rounds().values().stream()
                .flatMap(List::stream)
                .mapToDouble(round -> round.get(measure))
                .max()
                .orElse(1);
        double scale = (PANEL - FIGURE) / Math.max(most, Double.MIN_NORMAL);
        int y = TOP;
        for (Map.Entry<Contender, List<Map<String, Double>>> rounds :
                comparison.rounds().entrySet()) {
            Contender contender = rounds.getKey();
            double median = comparison.median(contender, measure);
            add(
                    svg,
                    "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>%n",
                    left,
                    y,
                    median * scale,
                    BAR,
                    contender.isFloor() ? "#b0b0b0" : "#4c78a8");
            for (Map<String, Double> round : rounds.getValue()) {
                add(
                        svg,
                        "<circle cx=\"%.1f\" cy=\"%d\" r=\"2.5\" fill=\"black\"/>%n",
                        left + round.get(measure) * scale,
                        y + BAR / 2);
            }
            add(
                    svg,
                    "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>%n",
                    left + PANEL,
                    y + BAR - 3,
                    ContenderComparison.number(median));
            y += STEP;
        }
    }

    private static void add(StringBuilder svg, String format, Object... values) {
        svg.append(String.format(Locale.ROOT, format, values));
    }
}
