package dev.sluice.worker.text;

import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;

/**
 * Shows the progress of a command on standard error. A terminal gets a bar that is drawn again. Anything else gets a
 * plain line every 10 s. Not thread-safe.
 */
public final class ProgressBar {
    private static final long BAR_NANOS = Duration.ofMillis(200).toNanos();
    private static final long LINE_NANOS = Duration.ofSeconds(10).toNanos();
    /** The speed is measured over this time. It evens out a pause between two answers and still follows a change. */
    private static final long SPEED_NANOS = Duration.ofSeconds(30).toNanos();

    private static final long SAMPLE_NANOS = Duration.ofSeconds(1).toNanos();
    private static final int WIDTH = 30;
    private static final String ERASE_LINE = "\r\u001b[K";

    private final PrintStream err;
    private final boolean bar;
    private final LongSupplier nanoTime;
    private final long started;
    private final long total;
    private final Deque<Sample> samples = new ArrayDeque<>();
    private long shownAt;

    /** The number of units that were done at a moment. */
    private record Sample(long nanos, long done) {}

    /**
     * Creates a display whose time begins now.
     *
     * @param bar whether {@code err} is a terminal on which a line may be drawn again
     * @param nanoTime a monotonic clock
     * @param total the number of units to do, such as requests or offsets
     * @param before the number of units that were done by an earlier run
     */
    public ProgressBar(PrintStream err, boolean bar, LongSupplier nanoTime, long total, long before) {
        this.err = err;
        this.bar = bar;
        this.nanoTime = nanoTime;
        this.started = nanoTime.getAsLong();
        this.total = total;
        samples.add(new Sample(started, before));
        this.shownAt = started;
    }

    /** Measures the speed from now on. */
    public void restartSpeed(long done) {
        samples.clear();
        samples.add(new Sample(nanoTime.getAsLong(), done));
    }

    /**
     * Shows the progress unless it was shown a moment ago.
     *
     * @param note an addition, such as {@code 2 failed}
     */
    public void show(long done, String note) {
        long now = nanoTime.getAsLong();
        sample(now, done);
        if (now - shownAt < (bar ? BAR_NANOS : LINE_NANOS)) {
            return;
        }
        shownAt = now;
        String state = state(done, note, perSecond(now, done));
        if (bar) {
            int filled = (int) (WIDTH * done / total);
            PrintableStream.printControls(
                    err, ERASE_LINE + "[" + "#".repeat(filled) + "-".repeat(WIDTH - filled) + "] " + state);
            err.flush();
        } else {
            err.println(state);
        }
    }

    private void sample(long now, long done) {
        if (now - samples.getLast().nanos() >= SAMPLE_NANOS) {
            samples.add(new Sample(now, done));
        }
        while (samples.size() > 1 && now - samples.getFirst().nanos() > SPEED_NANOS) {
            samples.removeFirst();
        }
    }

    private double perSecond(long now, long done) {
        Sample then = samples.getFirst();
        return (done - then.done()) * 1e9 / Math.max(1, now - then.nanos());
    }

    /** Removes the bar from the terminal. */
    public void end() {
        if (bar) {
            PrintableStream.printControls(err, ERASE_LINE);
        }
    }

    public Duration elapsed() {
        return Duration.ofNanos(nanoTime.getAsLong() - started);
    }

    private String state(long done, String note, double perSecond) {
        String rest = perSecond > 0 ? ", about " + time((long) ((total - done) / perSecond)) + " left" : "";
        return done + "/" + total + " (" + 100 * done / total + " %), " + Math.round(perSecond * 10) / 10.0 + "/s, "
                + note + rest;
    }

    private static String time(long seconds) {
        if (seconds < 60) {
            return seconds + " s";
        }
        return seconds < 3600 ? (seconds + 30) / 60 + " min" : (seconds + 1800) / 3600 + " h";
    }
}
