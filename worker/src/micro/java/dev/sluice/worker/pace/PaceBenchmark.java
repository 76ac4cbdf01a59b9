package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.provider.TokenUsage;
import io.github.bucket4j.TimeMeter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
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

/**
 * Measures the work of the pace thread for each request. The thread takes the request and starts its call, and learns
 * when it is sent and when it has ended. The lane always has room and the call does nothing. All runs on one thread, so
 * that no other thread is woken.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class PaceBenchmark {
    /**
     * The speed of the lane's clock as a multiple of ours. To the lane, a million requests a second are then a
     * thousand. It remembers no more of them than that of a fast worker does, and stays far below its limit.
     */
    private static final int FASTER = 1000;

    private static final int MAX_IN_FLIGHT = 100_000;
    private static final CallFeedback ANSWERED = CallFeedback.PASSED.with(Optional.of(new TokenUsage(20, 80)));

    public enum Pacing {
        UNPACED("none"),
        PACED("1000000/s,100000000 tokens/s");

        private final ConfiguredLimit limit;

        Pacing(String limit) {
            this.limit = ConfiguredLimit.parse(limit);
        }
    }

    @Param({"1", "256"})
    public int inFlight;

    @Param
    public Pacing pacing;

    private final Deque<Request> calls = new ArrayDeque<>();
    private Request[] requests;
    private int next;
    private Pace pace;

    @Setup
    public void fill() {
        Assignment assignment = new Assignment(new TopicPartition("chat", 0));
        requests = new Request[inFlight + 1];
        for (int i = 0; i < requests.length; i++) {
            requests[i] = request(assignment, i);
        }
        pace = new Pace(
                ConfiguredLimits.each(pacing.limit),
                new Pace.Bounds(2 * MAX_IN_FLIGHT, Map.of(), () -> true),
                new FastTime(),
                new Pace.Callbacks(request -> false, this::call, this::fail),
                () -> {});
        while (calls.size() < inFlight) {
            accept();
            stepUntilCalled(calls.size() + 1);
        }
    }

    @Benchmark
    public long dispatch() {
        pace.ended(calls.removeFirst(), ANSWERED);
        accept();
        long wait = pace.step();
        if (calls.size() != inFlight) {
            throw new IllegalStateException("the lane has no room for another " + wait + " ns");
        }
        return wait;
    }

    private void accept() {
        pace.accept(requests[next]);
        next = (next + 1) % requests.length;
    }

    /** Steps until this many calls have started. A new lane has an empty bucket. */
    private void stepUntilCalled(int count) {
        while (calls.size() < count) {
            pace.step();
        }
    }

    private void call(Request request, Runnable onSend) {
        onSend.run();
        calls.addLast(request);
    }

    private void fail(Request request) {
        throw new IllegalStateException(request + " has neither expired nor failed");
    }

    private static Request request(Assignment assignment, long offset) {
        ConsumerRecord<byte[], byte[]> consumed = new ConsumerRecord<>("chat", 0, offset, null, new byte[200]);
        InputRecord input = new InputRecord(assignment, consumed, "id-" + offset, 0, 0, 0, 0, Long.MAX_VALUE);
        return new Request(input, "model", "", 100, 1);
    }

    /** A clock that reads the system's as a worker does, which is part of the cost. */
    private static final class FastTime implements TimeMeter {
        private final long start = System.nanoTime();

        @Override
        public long currentTimeNanos() {
            return (System.nanoTime() - start) * FASTER;
        }

        @Override
        public boolean isWallClockBased() {
            return false;
        }
    }
}
