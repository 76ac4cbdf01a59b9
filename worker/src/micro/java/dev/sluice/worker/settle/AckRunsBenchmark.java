package dev.sluice.worker.settle;

import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Measures encoding runs, which happens once per transaction, and decoding them, which happens once after a start. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class AckRunsBenchmark {
    private static final long COMMITTED = 1_000_000;

    /** The characters of metadata to fill. The greater number is the window's maximum, some 3,000 bytes. */
    @Param({"100", "" + AckRuns.MAX_ENCODED_SIZE})
    public int characters;

    /** The offsets of each run and of each open stretch between two runs. */
    @Param({"1", "100"})
    public int length;

    private AckRuns runs;
    private String metadata;

    @Setup
    public void fill() {
        long bitsPerRun = 2L * AckRuns.lengthBits(0, length);
        int count = 0;
        while (AckRuns.encodedSize((count + 1) * bitsPerRun) <= characters) {
            count++;
        }
        runs = AckRuns.of(LongStream.rangeClosed(1, 2L * count)
                .map(bound -> COMMITTED + bound * length)
                .toArray());
        metadata = encode();
        if (!decode().equals(new AckRuns.Runs(runs))) {
            throw new IllegalStateException(count + " runs of " + length + " do not come back");
        }
    }

    @Benchmark
    public String encode() {
        return runs.encode(COMMITTED);
    }

    @Benchmark
    public AckRuns.Decoded decode() {
        return AckRuns.decode(metadata, COMMITTED);
    }
}
