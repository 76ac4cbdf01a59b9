package dev.sluice.trials.bench;

import dev.sluice.sandbox.ReceivedCall;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** Draws traffic as SVG: one panel per scenario, over its time what passed and what did not in each second. */
final class PacePlot {
    private static final int WIDTH = 960;
    private static final int HEIGHT = 190;
    private static final int LEFT = 64;
    private static final int RIGHT = 16;
    private static final int TOP = 34;
    private static final int BOTTOM = 26;
    private static final int LEGEND = 30;
    private static final double HEADROOM = 1.08;
    private static final double SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int MOST_TICKS = 12;
    private static final int[] TICKS = {1, 2, 5, 10, 20, 30, 60, 120, 300, 600};

    private final List<Panel> panels = new ArrayList<>();

    private record Panel(String title, CallTraffic traffic) {}

    /** Kinds of calls, in the order in which their bars are stacked. */
    private enum Kind {
        ADMITTED("#4c78a8", "admitted"),
        LIMITED("#e45756", "429"),
        FAILED("#a0a0a0", "failed otherwise");

        private final String colour;
        private final String words;

        Kind(String colour, String words) {
            this.colour = colour;
            this.words = words;
        }

        static Kind of(ReceivedCall call) {
            if (call.admitted()) {
                return ADMITTED;
            }
            return call.status() == CallTraffic.LIMITED ? LIMITED : FAILED;
        }
    }

    void add(String title, CallTraffic traffic) {
        panels.add(new Panel(title, traffic));
    }

    String svg() {
        int height = LEGEND + panels.size() * HEIGHT;
        StringBuilder svg = new StringBuilder("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + WIDTH
                + "\" height=\"" + height + "\" font-family=\"sans-serif\" font-size=\"12\">\n"
                + "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
        legend(svg);
        for (int i = 0; i < panels.size(); i++) {
            svg.append("<g transform=\"translate(0,")
                    .append(LEGEND + i * HEIGHT)
                    .append(")\">\n");
            draw(panels.get(i), svg);
            svg.append("</g>\n");
        }
        return svg.append("</svg>\n").toString();
    }

    private static void legend(StringBuilder svg) {
        int x = LEFT;
        for (Kind kind : Kind.values()) {
            rect(svg, x, 10, 12, 12, kind.colour);
            text(svg, x + 18, 20, "start", kind.words + " per second");
            x += 210;
        }
        svg.append("<path d=\"M" + x + ",16 h24\" stroke=\"black\" fill=\"none\"/>\n");
        text(svg, x + 30, 20, "start", "limit");
    }

    private static void draw(Panel panel, StringBuilder svg) {
        CallTraffic traffic = panel.traffic();
        Map<Kind, double[]> bars = bars(traffic);
        int seconds = bars.get(Kind.ADMITTED).length;
        Scale scale = new Scale(seconds, HEADROOM * Math.max(tallest(bars), highestLimit(traffic)));
        text(svg, LEFT, TOP - 10, "start", panel.title());
        for (int second = 0; second < seconds; second++) {
            double below = 0;
            for (Kind kind : Kind.values()) {
                double value = bars.get(kind)[second];
                if (value > 0) {
                    double top = scale.y(below + value);
                    rect(svg, scale.x(second), top, scale.x(0.9) - LEFT, scale.y(below) - top, kind.colour);
                }
                below += value;
            }
        }
        axes(traffic, scale, svg);
        limit(traffic, scale, svg);
    }

    /** Per kind and second; where tokens are limited a call that did not pass counts as an average one that did. */
    private static Map<Kind, double[]> bars(CallTraffic traffic) {
        long last = traffic.calls().get(traffic.calls().size() - 1).nanoTime();
        int seconds = (int) ((last - traffic.first()) / SECOND_NANOS) + 1;
        Map<Kind, double[]> bars = new EnumMap<>(Kind.class);
        for (Kind kind : Kind.values()) {
            bars.put(kind, new double[seconds]);
        }
        double average = traffic.calls().stream()
                .filter(ReceivedCall::admitted)
                .mapToInt(ReceivedCall::tokens)
                .average()
                .orElse(1);
        for (ReceivedCall call : traffic.calls()) {
            int second = (int) ((call.nanoTime() - traffic.first()) / SECOND_NANOS);
            double weight = call.admitted() ? call.tokens() : average;
            bars.get(Kind.of(call))[second] += traffic.inTokens() ? weight : 1;
        }
        return bars;
    }

    private static double tallest(Map<Kind, double[]> bars) {
        return IntStream.range(0, bars.get(Kind.ADMITTED).length)
                .mapToDouble(second ->
                        bars.values().stream().mapToDouble(kind -> kind[second]).sum())
                .max()
                .orElse(1);
    }

    private static double highestLimit(CallTraffic traffic) {
        return traffic.limit() == null
                ? 0
                : traffic.limit().steps().stream()
                        .mapToDouble(RateLine.Step::perSecond)
                        .max()
                        .orElse(0);
    }

    private static void axes(CallTraffic traffic, Scale scale, StringBuilder svg) {
        svg.append("<path d=\"M" + LEFT + "," + TOP + " V" + (HEIGHT - BOTTOM) + " H" + (WIDTH - RIGHT)
                + "\" stroke=\"#555\" fill=\"none\"/>\n");
        double mark = traffic.limit() == null ? Math.floor(scale.highest / HEADROOM) : highestLimit(traffic);
        for (double value : new double[] {0, mark}) {
            text(svg, LEFT - 6, scale.y(value) + 4, "end", String.format(Locale.ROOT, "%,.0f", value));
        }
        int tick = tick(scale.seconds);
        for (int second = 0; second <= scale.seconds; second += tick) {
            text(svg, scale.x(second), HEIGHT - BOTTOM + 16, "middle", second + " s");
        }
    }

    private static int tick(int seconds) {
        for (int tick : TICKS) {
            if (seconds / tick <= MOST_TICKS) {
                return tick;
            }
        }
        return seconds;
    }

    private static void limit(CallTraffic traffic, Scale scale, StringBuilder svg) {
        if (traffic.limit() == null) {
            return;
        }
        StringBuilder path = new StringBuilder();
        for (RateLine.Step step : traffic.limit().steps()) {
            double at = Math.min((step.from() - traffic.first()) / SECOND_NANOS, scale.seconds);
            String x = number(scale.x(Math.max(0, at)));
            String y = number(scale.y(step.perSecond()));
            path.append(path.isEmpty() ? "M" + x + "," + y : " H" + x + " V" + y);
        }
        path.append(" H").append(number(scale.x(scale.seconds)));
        svg.append("<path d=\"" + path + "\" stroke=\"black\" stroke-width=\"1.5\" fill=\"none\"/>\n");
    }

    /** From seconds and values to a panel's coordinates. */
    private record Scale(int seconds, double highest) {
        double x(double second) {
            return LEFT + second * (WIDTH - LEFT - RIGHT) / seconds;
        }

        double y(double value) {
            return HEIGHT - BOTTOM - value * (HEIGHT - TOP - BOTTOM) / highest;
        }
    }

    private static void rect(StringBuilder svg, double x, double y, double width, double height, String colour) {
        svg.append("<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(width) + "\" height=\""
                + number(height) + "\" fill=\"" + colour + "\"/>\n");
    }

    private static void text(StringBuilder svg, double x, double y, String anchor, String text) {
        svg.append("<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor + "\">"
                + text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") + "</text>\n");
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
