package dev.sluice.worker.cancel;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.wire.CancelMark;
import dev.sluice.wire.WireHeaders;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
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

/** Measures a look at the marks, which happens before each call and each second for every request that waits. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class CancelMarksBenchmark {
    private static final int REQUESTS = 2_500;

    /** The marks in memory: none, some of each kind, or as many as there may be. */
    @Param({"0", "3", "" + CancelMarks.MAX})
    public int marks;

    private final CancelMarks present = new CancelMarks();
    private final String[] ids = new String[REQUESTS];
    private final Headers[] headers = new Headers[REQUESTS];
    private int next;

    @Setup
    public void fill() {
        for (int i = 0; i < marks; i++) {
            byte[] name = UUID.randomUUID().toString().getBytes(UTF_8);
            CancelMark.Kind kind = CancelMark.Kind.values()[i % CancelMark.Kind.values().length];
            present.add(kind.in(header(kind, name)).orElseThrow(), 1_000, Long.MAX_VALUE);
        }
        for (int i = 0; i < REQUESTS; i++) {
            ids[i] = UUID.randomUUID().toString();
            headers[i] = new RecordHeaders();
            WireHeaders.set(headers[i], WireHeaders.ID, ids[i]);
            WireHeaders.set(headers[i], WireHeaders.TENANT, "a tenant");
            WireHeaders.set(headers[i], WireHeaders.GROUP, "nightly-" + i % 10);
            WireHeaders.set(headers[i], WireHeaders.EXPIRES_AT, 1_800_000_000_000L);
            WireHeaders.set(headers[i], WireHeaders.CORRELATION_ID, ids[i].substring(0, 16));
            WireHeaders.set(headers[i], WireHeaders.REPLY_TOPIC, "chat.replies.door");
        }
    }

    private static Headers header(CancelMark.Kind kind, byte[] name) {
        return switch (kind) {
            case CORRELATION_ID -> new RecordHeaders().add(WireHeaders.CORRELATION_ID, name);
            case ID -> new RecordHeaders().add(WireHeaders.ID, name);
            case GROUP -> new RecordHeaders().add(WireHeaders.GROUP, name);
        };
    }

    @Benchmark
    public boolean look() {
        next = next + 1 < REQUESTS ? next + 1 : 0;
        return present.include(ids[next], 500, headers[next]);
    }
}
