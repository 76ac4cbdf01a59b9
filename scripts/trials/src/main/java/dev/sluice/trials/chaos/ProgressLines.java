package dev.sluice.trials.chaos;

import java.io.PrintWriter;
import java.util.concurrent.TimeUnit;

/** Prints what happens in a trial, each sentence with the seconds since the start. Thread-safe. */
final class ProgressLines {
    private final PrintWriter out;
    private final long startedAt = System.nanoTime();

    ProgressLines(PrintWriter out) {
        this.out = out;
    }

    void say(String what) {
        double seconds = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedAt) / 1e3;
        synchronized (out) {
            out.printf("%6.1f s  %s%n", seconds, what);
            out.flush();
        }
    }
}
