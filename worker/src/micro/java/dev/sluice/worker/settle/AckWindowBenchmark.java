package dev.sluice.worker.settle;

import dev.sluice.worker.settle.AckWindow.Snapshot;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Measures the cost of a partition's window per request. The number of open offsets stays at {@link #open}, since as
 * many are registered as are done. A transaction has {@value #BATCH} requests. The figures include the snapshot's text
 * but not Kafka.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class AckWindowBenchmark {
    private static final int BATCH = 32;
    /**
     * The batches per open offset after which the runs are typical. Random completion leaves a few offsets open for
     * long.
     */
    private static final int SETTLING_BATCHES_PER_OPEN = 2;

    public enum Order {
        /** The lowest open offsets are done first, so there are no runs above the committed one. */
        ASCENDING,
        /** A random open offset is done next, which leads to about as many runs as possible. */
        RANDOM
    }

    @Param({"256", "2000"})
    public int open;

    @Param
    public Order order;

    private final Random random = new Random(1);
    private final long[] batch = new long[BATCH];
    private final AckWindow window = new AckWindow(0, AckRuns.NONE);
    private long[] inFlight;
    /** The index of the lowest offset in {@link #inFlight}, if offsets are done in order. */
    private int lowest;

    private long next;

    @Setup
    public void fill() {
        inFlight = new long[open];
        for (int i = 0; i < open; i++) {
            inFlight[i] = register();
        }
        for (int i = 0; i < SETTLING_BATCHES_PER_OPEN * open; i++) {
            settle();
        }
    }

    /** Registers, stages and commits each request of a batch. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public Snapshot settle() {
        for (int i = 0; i < BATCH; i++) {
            int place = place(i);
            batch[i] = inFlight[place];
            inFlight[place] = register();
        }
        if (order == Order.ASCENDING) {
            lowest = (lowest + BATCH) % open;
        }
        Snapshot snapshot = window.stage(batch);
        window.commit(snapshot);
        return snapshot;
    }

    /** Stages a batch and aborts it. This is the transaction's part of the cost. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public Snapshot stage() {
        for (int i = 0; i < BATCH; i++) {
            batch[i] = inFlight[place(i)];
        }
        Snapshot snapshot = window.stage(batch);
        window.abort(snapshot);
        return snapshot;
    }

    /** Returns the index in {@link #inFlight} of a batch's nth request. No index comes twice in a batch. */
    private int place(int number) {
        if (order == Order.ASCENDING) {
            return (lowest + number) % open;
        }
        int from = number * open / BATCH;
        int to = (number + 1) * open / BATCH;
        return from + random.nextInt(to - from);
    }

    private long register() {
        long offset = next++;
        if (!window.register(offset)) {
            throw new IllegalStateException("offset " + offset + " is done already");
        }
        return offset;
    }
}
