package dev.sluice.worker.observe;

import java.time.Duration;
import java.util.stream.DoubleStream;

/** The buckets of histograms. They are fixed, so that those of all workers and releases add up. */
final class HistogramBuckets {
    /** Waiting times, from an idle queue to a backlog of hours. */
    static final Duration[] WAITS = seconds(
            0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600,
            86_400);

    /** The buckets of OpenTelemetry's convention and two above them, since a call may take five minutes. */
    static final Duration[] CALLS = seconds(
            0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68);

    /** Durations of a transaction, which is given up after some seconds. */
    static final Duration[] COMMITS = seconds(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30);

    /** The buckets of OpenTelemetry's convention, up to the largest usage that an answer is believed to have. */
    static final double[] TOKENS = DoubleStream.iterate(1, most -> most <= 4_194_304 * 4.0, most -> most * 4)
            .toArray();

    private HistogramBuckets() {}

    private static Duration[] seconds(double... bounds) {
        return DoubleStream.of(bounds)
                .mapToObj(bound -> Duration.ofNanos(Math.round(bound * 1e9)))
                .toArray(Duration[]::new);
    }
}
