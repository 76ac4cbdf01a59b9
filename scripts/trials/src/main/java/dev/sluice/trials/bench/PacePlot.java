package dev.sluice.trials.bench;

import dev.sluice.sandbox.ReceivedCall;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** Draws traffic as SVG: one panel per scenario, with the calls of each second as a stacked bar and the limit as a line. */
final class PacePlot {
    private static final int WIDTH = 960;
    private static final int HEIGHT = 190;
    private static final int LEFT = 64;
    private static final int RIGHT = 944;
    private static final int TOP = 34;
    private static final int BOTTOM = 164;
    private static final int LEGEND = 30;
    private static final double HEADROOM = 1.08;
    private static final double SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int TICKS = 10;

    private final Map<String, CallTraffic> panels = new LinkedHashMap<>();

    /** A kind of calls, in the order in which their bars are stacked. */
    private enum CallKind {
        ADMITTED("#4c78a8", "admitted"),
        LIMITED("#e45756", "429"),
        FAILED("#a0a0a0", "failed otherwise");

        private final String colour;
        private final String words;

        CallKind(String colour, String words) {
            this.colour = colour;
            this.words = words;
        }

        static CallKind of(ReceivedCall call) {
            if (call.admitted()) {
                return ADMITTED;
            }
            return call.status() == CallTraffic.TOO_MANY_REQUESTS ? LIMITED : FAILED;
        }
    }

    void add(String title, CallTraffic traffic) {
        panels.put(title, traffic);
    }

    String svg() {
        SvgCanvas canvas = new SvgCanvas(WIDTH, LEGEND + panels.size() * HEIGHT);
        int x = LEFT;
        for (CallKind kind : CallKind.values()) {
            canvas.bar(x, 10, 12, 12, kind.colour).text(x + 18, 20, "start", kind.words + " per second");
            x += 210;
        }
        canvas.line(x, 16, x + 24, 16).text(x + 30, 20, "start", "limit");
        int y = LEGEND;
        for (Map.Entry<String, CallTraffic> panel : panels.entrySet()) {
            canvas.begin(0, y).text(LEFT, TOP - 10, "start", panel.getKey());
            draw(panel.getValue(), canvas);
            canvas.end();
            y += HEIGHT;
        }
        return canvas.svg();
    }

    private static void draw(CallTraffic traffic, SvgCanvas canvas) {
        Map<CallKind, double[]> bars = bars(traffic);
        int seconds = bars.get(CallKind.ADMITTED).length;
        Scale scale = new Scale(
                seconds, HEADROOM * Math.max(tallest(bars), traffic.limit().highest()));
        for (int second = 0; second < seconds; second++) {
            double below = 0;
            for (CallKind kind : CallKind.values()) {
                double above = below + bars.get(kind)[second];
                double width = scale.x(0.9) - LEFT;
                canvas.bar(scale.x(second), scale.y(above), width, scale.y(below) - scale.y(above), kind.colour);
                below = above;
            }
        }
        axes(traffic.limit().highest(), scale, canvas);
        limit(traffic, scale, canvas);
    }

    /** Returns the sums of each second. With a limit of tokens a rejected call counts as an average admitted one. */
    private static Map<CallKind, double[]> bars(CallTraffic traffic) {
        List<ReceivedCall> calls = traffic.calls();
        int seconds = second(calls.get(calls.size() - 1), traffic) + 1;
        Map<CallKind, double[]> bars = new EnumMap<>(CallKind.class);
        for (CallKind kind : CallKind.values()) {
            bars.put(kind, new double[seconds]);
        }
        double average = calls.stream()
                .filter(ReceivedCall::admitted)
                .mapToInt(ReceivedCall::tokens)
                .average()
                .orElse(1);
        for (ReceivedCall call : calls) {
            double tokens = call.admitted() ? call.tokens() : average;
            bars.get(CallKind.of(call))[second(call, traffic)] += traffic.inTokens() ? tokens : 1;
        }
        return bars;
    }

    private static int second(ReceivedCall call, CallTraffic traffic) {
        return (int) ((call.nanoTime() - traffic.first()) / SECOND_NANOS);
    }

    private static double tallest(Map<CallKind, double[]> bars) {
        return IntStream.range(0, bars.get(CallKind.ADMITTED).length)
                .mapToDouble(second ->
                        bars.values().stream().mapToDouble(kind -> kind[second]).sum())
                .max()
                .orElse(1);
    }

    private static void axes(double mark, Scale scale, SvgCanvas canvas) {
        canvas.line(LEFT, TOP, LEFT, BOTTOM, RIGHT, BOTTOM);
        for (double value : new double[] {0, mark}) {
            canvas.text(LEFT - 6, scale.y(value) + 4, "end", String.format(Locale.ROOT, "%,.0f", value));
        }
        int tick = Math.max(1, scale.seconds / TICKS);
        for (int second = 0; second <= scale.seconds; second += tick) {
            canvas.text(scale.x(second), BOTTOM + 16, "middle", second + " s");
        }
    }

    private static void limit(CallTraffic traffic, Scale scale, SvgCanvas canvas) {
        List<LimitTimeline.Step> steps = traffic.limit().steps();
        for (int i = 0; i < steps.size(); i++) {
            double from = scale.x(seconds(steps.get(i), traffic, scale));
            double to = i + 1 < steps.size() ? scale.x(seconds(steps.get(i + 1), traffic, scale)) : RIGHT;
            double y = scale.y(steps.get(i).perSecond());
            canvas.line(from, y, to, y);
        }
    }

    private static double seconds(LimitTimeline.Step step, CallTraffic traffic, Scale scale) {
        return Math.max(0, Math.min((step.from() - traffic.first()) / SECOND_NANOS, scale.seconds));
    }

    /** Converts seconds and values to the coordinates of a panel. */
    private record Scale(int seconds, double highest) {
        double x(double second) {
            return LEFT + second * (RIGHT - LEFT) / seconds;
        }

        double y(double value) {
            return BOTTOM - value * (BOTTOM - TOP) / highest;
        }
    }
}
