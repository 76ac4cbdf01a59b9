package dev.sluice.console;

import dev.sluice.wire.Topics;
import dev.sluice.worker.pool.BudgetReport;
import dev.sluice.worker.pool.CallsReport;
import dev.sluice.worker.pool.CancelledReport;
import dev.sluice.worker.pool.HeapReport;
import dev.sluice.worker.pool.LaneReport;
import dev.sluice.worker.pool.PoolReading;
import dev.sluice.worker.pool.WorkerReport;
import dev.sluice.worker.status.GroupStatus;
import dev.sluice.worker.status.PartitionBacklog;
import dev.sluice.worker.status.QueueStatus;
import dev.sluice.worker.status.TopicBacklog;
import dev.sluice.worker.text.CommandException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;

/** A queue in memory whose state a test sets. Thread-safe. */
final class SampleQueue implements QueueReader {
    static final int BUNDLES = 12;
    private static final List<String> DELAYS = List.of("delay-10s", "delay-1m", "delay-10m", "delay-1h");

    private final Instant started = Instant.now().minus(Duration.ofHours(3));
    private volatile List<LaneReport> lanes = List.of();
    private volatile List<String> workers = List.of("worker-a", "worker-b");
    private volatile CallsReport calls = CallsReport.NONE;
    private volatile long waiting;
    private volatile boolean hasAges = true;
    private volatile long dead;
    private volatile @Nullable String failure;
    private volatile boolean isClosed;

    /** Returns the way to a Kafka that is not there, for tests that do not ask for dead letters. */
    static QueueAccess withoutKafka() {
        Map<String, Object> kafka = Map.of("bootstrap.servers", "127.0.0.1:1");
        return new QueueAccess(Admin.create(kafka), kafka, new Topics("chat"), "sluice");
    }

    /** Changes several things between two readings. */
    synchronized void change(Consumer<SampleQueue> changes) {
        changes.accept(this);
    }

    SampleQueue lanes(LaneReport... present) {
        lanes = List.of(present);
        return this;
    }

    SampleQueue workers(String... names) {
        workers = List.of(names);
        return this;
    }

    /** Sets what the first worker has counted since its start. */
    SampleQueue calls(CallsReport counted) {
        calls = counted;
        return this;
    }

    synchronized SampleQueue waiting(long requests, long letters) {
        waiting = requests;
        dead = letters;
        return this;
    }

    /** Makes each reading fail to read how old what waits is. */
    synchronized SampleQueue withoutAges() {
        hasAges = false;
        return this;
    }

    /** Makes each reading fail with this message. Null lets it succeed again. */
    SampleQueue failing(@Nullable String message) {
        failure = message;
        return this;
    }

    boolean isClosed() {
        return isClosed;
    }

    static LaneReport lane(String model, String state, String cause, int waiting, int inFlight, double spent) {
        BudgetReport requests =
                new BudgetReport(OptionalDouble.of(40), BudgetReport.Source.TOLD, spent, waiting > 0 ? 80 : spent);
        return new LaneReport(model, state, cause, waiting, inFlight, requests, BudgetReport.NONE);
    }

    @Override
    public synchronized QueueReading read() {
        String message = failure;
        if (message != null) {
            throw new CommandException(message);
        }
        Instant now = Instant.now();
        List<GroupStatus.Member> members = new ArrayList<>();
        TreeMap<String, WorkerReport> reports = new TreeMap<>();
        for (int i = 0; i < workers.size(); i++) {
            int number = i;
            Set<Integer> bundles = Set.copyOf(IntStream.range(0, BUNDLES)
                    .filter(bundle -> bundle % workers.size() == number)
                    .boxed()
                    .toList());
            members.add(new GroupStatus.Member(workers.get(i), "10.0.0." + (i + 7), bundles, List.of()));
            reports.put(workers.get(i), report(i, bundles.size()));
        }
        GroupStatus group = new GroupStatus("sluice", members.isEmpty() ? "empty" : "stable", members);
        List<TopicBacklog> inputs = new ArrayList<>(
                List.of(topic("requests", waiting, now), topic("express", 0, now), topic("retry", 0, now)));
        inputs.add(topic("overflow", 0, now));
        DELAYS.forEach(delay -> inputs.add(topic(delay, 0, now)));
        QueueStatus status =
                new QueueStatus("chat", now, BUNDLES, group, inputs, true, topic("dead", dead, now), List.of());
        PoolReading pool = reports.isEmpty()
                ? PoolReading.none(PoolReading.State.SILENT, "no worker has reported for 3s")
                : new PoolReading(PoolReading.State.ALIVE, reports, "");
        return new QueueReading(status, pool);
    }

    private WorkerReport report(int number, int bundles) {
        return new WorkerReport(
                1,
                "0.1.0",
                "host-" + number,
                started,
                Duration.ofSeconds(3),
                bundles,
                BUNDLES,
                number == 0 ? lanes : List.of(),
                List.of(),
                CancelledReport.NONE,
                number == 0 ? calls : CallsReport.NONE,
                new HeapReport(300L << 20, 768L << 20));
    }

    private TopicBacklog topic(String kind, long open, Instant now) {
        OptionalLong oldest = open == 0 || !hasAges
                ? OptionalLong.empty()
                : OptionalLong.of(now.minus(Duration.ofSeconds(192)).toEpochMilli());
        String name = kind.equals("requests") ? "chat.requests" : "chat.requests." + kind;
        return new TopicBacklog(
                name,
                kind,
                kind.equals("requests") || kind.equals("express"),
                List.of(new PartitionBacklog(0, open, 0, open, true, oldest)));
    }

    @Override
    public void close() {
        isClosed = true;
    }
}
