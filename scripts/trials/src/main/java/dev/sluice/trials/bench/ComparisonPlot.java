package dev.sluice.trials.bench;

import java.util.List;
import java.util.Map;

/**
 * Draws a comparison as SVG. Each measure has a panel, in which each contender has a bar for its median and a dot for each
 * run.
 */
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
        List<String> measures =
                List.copyOf(comparison.rounds().get(contenders.get(0)).get(0).keySet());
        int width = LEFT + measures.size() * (PANEL + GAP);
        SvgCanvas canvas = new SvgCanvas(width, TOP + contenders.size() * STEP + GAP / 2);
        for (int row = 0; row < contenders.size(); row++) {
            canvas.text(
                    LEFT - 8,
                    TOP + row * STEP + BAR - 3,
                    "end",
                    contenders.get(row).toString());
        }
        for (int column = 0; column < measures.size(); column++) {
            canvas.begin(LEFT + column * (PANEL + GAP), 0);
            panel(canvas, comparison, measures.get(column));
            canvas.end();
        }
        return canvas.svg();
    }

    private static void panel(SvgCanvas canvas, ContenderComparison comparison, String measure) {
        canvas.text(0, TOP - 12, "start", measure);
        double most = comparison.rounds().values().stream()
                .flatMap(List::stream)
                .mapToDouble(round -> round.get(measure))
                .max()
                .orElse(0);
        double scale = most == 0 ? 0 : (PANEL - FIGURE) / most;
        int y = TOP;
        for (Contender contender : comparison.rounds().keySet()) {
            double median = comparison.median(contender, measure);
            canvas.bar(0, y, median * scale, BAR, contender.isFloor() ? "#b0b0b0" : "#4c78a8");
            for (Map<String, Double> round : comparison.rounds().get(contender)) {
                canvas.dot(round.get(measure) * scale, y + BAR / 2.0);
            }
            canvas.text(PANEL, y + BAR - 3, "end", ContenderComparison.number(median));
            y += STEP;
        }
    }
}
