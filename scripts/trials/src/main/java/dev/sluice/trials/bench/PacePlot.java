package dev.sluice.trials.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Draws runs of {@code pace} as SVG, one panel each. A bar is what was granted in a second, or in as many as have a few
 * calls, and the bar below it is what was rejected. The line is the limit.
 */
final class PacePlot {
    private static final int LEFT = 130;
    private static final int WIDTH = 640;
    private static final int HEIGHT = 60;
    private static final int BELOW = 16;
    private static final int STEP = HEIGHT + BELOW + 28;
    private static final int TOP = 20;
    private static final int MOST_BARS = 160;
    private static final double LEAST_CALLS = 5;
    private static final String GRANTED = "#4c78a8";
    private static final String REJECTED = "#d62728";

    private final StringBuilder svg = new StringBuilder();

    private PacePlot() {}

    /** @param runs one run of each scenario by its name */
    static String svg(Map<String, PaceOutcome> runs) {
        return new PacePlot().draw(runs);
    }

    private String draw(Map<String, PaceOutcome> runs) {
        add(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" "
                        + "font-size=\"12\">%n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>",
                LEFT + WIDTH + 60, TOP + runs.size() * STEP);
        int top = TOP;
        for (Map.Entry<String, PaceOutcome> run : runs.entrySet()) {
            panel(run.getKey(), run.getValue(), top);
            top += STEP;
        }
        return svg + "</svg>\n";
    }

    private void panel(String name, PaceOutcome run, int top) {
        List<Span> spans = spans(run.traffic());
        double most = spans.stream()
                .mapToDouble(span -> Math.max(span.granted(), span.limit()))
                .max()
                .orElse(1);
        double width = (double) WIDTH / spans.size();
        StringBuilder limit = new StringBuilder();
        double x = LEFT;
        for (Span span : spans) {
            double granted = span.granted() * HEIGHT / most;
            bar(x, top + HEIGHT - granted, width, granted, GRANTED);
            bar(x, top + HEIGHT + 1, width, Math.min(BELOW, 2.0 * span.rejected()), REJECTED);
            double y = top + HEIGHT - span.limit() * HEIGHT / most;
            limit.append(String.format(Locale.ROOT, "%.1f,%.1f %.1f,%.1f ", x, y, x + width, y));
            x += width;
        }
        add(
                "<polyline points=\"%s\" fill=\"none\" stroke=\"black\"/>",
                limit.toString().strip());
        text(LEFT - 8, top + HEIGHT / 2, "end", name);
        // the line itself shows what comes after the comma
        text(LEFT - 8, top + HEIGHT / 2 + 16, "end", run.limit().split(",", 2)[0]);
        text(LEFT, top + HEIGHT + BELOW + 10, "start", "0");
        text(LEFT + WIDTH, top + HEIGHT + BELOW + 10, "end", Math.round(seconds(run.traffic())) + " s");
    }

    /** The calls granted and rejected in a time, and what the limit would have granted. */
    private record Span(double granted, double limit, long rejected) {}

    /** Divides a run into spans of equal length, but for the rest at its end. */
    private static List<Span> spans(CallTraffic traffic) {
        long first = traffic.first();
        double seconds = seconds(traffic);
        double perSecond = traffic.limit().admits(first, traffic.last()) / seconds;
        double few = traffic.inTokens() ? 1 : LEAST_CALLS / perSecond;
        long length = TimeUnit.SECONDS.toNanos((long) Math.ceil(Math.max(seconds / MOST_BARS, few)));
        List<Span> spans = new ArrayList<>();
        for (long from = first; from + length <= traffic.last() || spans.isEmpty(); from += length) {
            long to = from + length;
            spans.add(new Span(
                    traffic.granted(from, to - 1),
                    traffic.limit().admits(from, to),
                    traffic.between(from, to - 1).stream()
                            .filter(call -> call.status() == CallTraffic.TOO_MANY_REQUESTS)
                            .count()));
        }
        return spans;
    }

    private static double seconds(CallTraffic traffic) {
        return Math.max(1, (traffic.last() - traffic.first()) / 1e9);
    }

    private void bar(double x, double y, double width, double height, String colour) {
        if (height > 0) {
            add(
                    "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>",
                    x, y, Math.max(1, width - 0.5), height, colour);
        }
    }

    private void text(int x, int y, String anchor, String text) {
        add("<text x=\"%d\" y=\"%d\" text-anchor=\"%s\">%s</text>", x, y, anchor, text);
    }

    private void add(String format, Object... values) {
        svg.append(String.format(Locale.ROOT, format, values)).append('\n');
    }
}
