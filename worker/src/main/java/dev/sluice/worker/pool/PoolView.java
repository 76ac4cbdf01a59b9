package dev.sluice.worker.pool;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The latest report of each worker that is alive. Owned by one thread.
 *
 * <p>A report counts for its validity, by the broker's clock and by ours. The broker's clock is compared with the
 * record that was read last, so that a reader that lags behind takes no old report for a new one. Our clock ends what
 * lasts while nothing is read.
 */
public final class PoolView {
    /** The most workers that are remembered. The bundles of others count as unclaimed. */
    private static final int MAX_WORKERS = 2_000;

    /**
     * A worker that says nothing for so long after its last report has lost its validity calls nothing any more. It
     * begins no call five seconds after its last commit, and may have written its last report a second before that.
     */
    private static final Duration SURELY_SILENT = Duration.ofSeconds(4);

    /** The time after which the group has given the bundles of a silent worker to others. */
    private static final Duration REPLACED = Duration.ofSeconds(12);

    private static final int MAX_NAME_BYTES = 1_000;

    /** The lane that models share if there are too many. Which models are in it, no report says. */
    static final String SHARED = "";

    private final Map<Sender, Entry> entries = new TreeMap<>();
    private long latestMillis;

    /**
     * One start of a worker. A worker that is taken for dead and the next one of its name may both be alive for a
     * while, and both spend.
     */
    private record Sender(String name, Instant started) implements Comparable<Sender> {
        @Override
        public int compareTo(Sender other) {
            int byName = name.compareTo(other.name);
            return byName == 0 ? started.compareTo(other.started) : byName;
        }
    }

    private record Entry(KnownWorker worker, long timestampMillis, long readAt) {}

    /**
     * A worker that is alive.
     *
     * @param lanes the lanes of its report by model
     * @param groups the groups of its report by name
     */
    record KnownWorker(
            String name, WorkerReport report, Map<String, LaneReport> lanes, Map<String, LaneReport> groups) {
        /** Returns the lane in which the worker calls a model. It may be the one that models share. */
        LaneReport lane(String model) {
            LaneReport lane = lanes.get(model);
            return lane != null ? lane : lanes.getOrDefault(SHARED, LaneReport.NONE);
        }
    }

    /**
     * Takes over a record of the topic. One that is no report is ignored.
     *
     * @param now a monotonic time in nanoseconds
     * @return the report, if the record has one
     */
    public Optional<WorkerReport> read(ConsumerRecord<byte[], byte[]> record, long now) {
        latestMillis = record.timestamp();
        byte[] key = record.key();
        if (key == null || key.length > MAX_NAME_BYTES || ModelsRecord.isKey(key)) {
            return Optional.empty();
        }
        String name = new String(key, StandardCharsets.UTF_8);
        if (record.value() == null) {
            entries.keySet().removeIf(sender -> sender.name().equals(name));
            return Optional.empty();
        }
        Optional<WorkerReport> report = WorkerReportJson.decode(record.value());
        report.ifPresent(known -> put(
                new Sender(name, known.started()),
                new Entry(new KnownWorker(name, known, known.byModel(), known.byGroup()), record.timestamp(), now)));
        return report;
    }

    private void put(Sender sender, Entry entry) {
        if (!entries.containsKey(sender) && entries.size() >= MAX_WORKERS) {
            entries.values().removeIf(old -> !isAlive(old, entry.readAt()));
        }
        if (entries.containsKey(sender) || entries.size() < MAX_WORKERS) {
            entries.put(sender, entry);
        }
    }

    /** Returns the reports of the workers that are alive, by name. Of several starts it is the last. */
    public Map<String, WorkerReport> alive(long now) {
        Map<String, WorkerReport> alive = new TreeMap<>();
        all(now).forEach(worker -> alive.put(worker.name(), worker.report()));
        return alive;
    }

    /** Returns the time by the broker's clock. All who have read the same records agree. */
    long latestMillis() {
        return latestMillis;
    }

    /** Returns all starts of workers that are alive, in an order that is the same for all readers. */
    List<KnownWorker> all(long now) {
        entries.values().removeIf(entry -> silence(entry, now) > REPLACED.toMillis());
        return entries.values().stream()
                .filter(entry -> isAlive(entry, now))
                .map(Entry::worker)
                .toList();
    }

    /** Returns the number of bundles whose last owner has become silent, and which nobody else can own yet. */
    int silentBundles(long now) {
        return entries.values().stream()
                .filter(entry -> silence(entry, now) > SURELY_SILENT.toMillis())
                .mapToInt(entry -> entry.worker().report().bundles())
                .reduce(0, PoolView::sum);
    }

    private static int sum(int bundles, int more) {
        return (int) Math.min(Integer.MAX_VALUE, (long) bundles + more);
    }

    private boolean isAlive(Entry entry, long now) {
        return silence(entry, now) <= 0;
    }

    /** Returns the milliseconds since a report has lost its validity; negative if it has not. */
    private long silence(Entry entry, long now) {
        long age =
                Math.max(latestMillis - entry.timestampMillis(), TimeUnit.NANOSECONDS.toMillis(now - entry.readAt()));
        return age - entry.worker().report().validity().toMillis();
    }
}
