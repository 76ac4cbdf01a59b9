package dev.sluice.worker.pool;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
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

    /** The length of a turn. Each change may cost a call that is rejected. */
    private static final long TURN_MILLIS = 20_000;

    private static final int MAX_NAME_BYTES = 1_000;

    private final Map<String, Entry> entries = new HashMap<>();
    private long latestMillis;

    private record Entry(WorkerReport report, long timestampMillis, long readAt) {}

    /**
     * Takes over a record of the topic. One that is no report is ignored.
     *
     * @param now a monotonic time in nanoseconds
     * @return the report, if the record has one
     */
    public Optional<WorkerReport> read(ConsumerRecord<byte[], byte[]> record, long now) {
        latestMillis = record.timestamp();
        byte[] key = record.key();
        if (key == null || key.length > MAX_NAME_BYTES) {
            return Optional.empty();
        }
        String name = new String(key, StandardCharsets.UTF_8);
        if (record.value() == null) {
            entries.remove(name);
            return Optional.empty();
        }
        Optional<WorkerReport> report = WorkerReportJson.decode(record.value());
        report.ifPresent(known -> put(name, new Entry(known, record.timestamp(), now)));
        return report;
    }

    private void put(String name, Entry entry) {
        if (!entries.containsKey(name) && entries.size() >= MAX_WORKERS) {
            entries.values().removeIf(old -> !isAlive(old, entry.readAt()));
        }
        if (entries.containsKey(name) || entries.size() < MAX_WORKERS) {
            entries.put(name, entry);
        }
    }

    /** Returns the reports of the workers that are alive, by name. */
    public Map<String, WorkerReport> alive(long now) {
        entries.values().removeIf(entry -> !isAlive(entry, now));
        Map<String, WorkerReport> alive = new TreeMap<>();
        entries.forEach((name, entry) -> alive.put(name, entry.report()));
        return alive;
    }

    /** Returns the number of the present turn, by the broker's clock. All who have read the same records agree. */
    long turn() {
        return latestMillis / TURN_MILLIS;
    }

    private boolean isAlive(Entry entry, long now) {
        Duration validity = entry.report().validity();
        return latestMillis - entry.timestampMillis() <= validity.toMillis()
                && TimeUnit.NANOSECONDS.toMillis(now - entry.readAt()) <= validity.toMillis();
    }
}
