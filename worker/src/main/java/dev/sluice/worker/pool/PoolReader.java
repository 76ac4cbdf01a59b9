package dev.sluice.worker.pool;

import dev.sluice.wire.Topics;
import dev.sluice.worker.kafka.AdminTimeouts;
import dev.sluice.worker.kafka.KafkaClients;
import dev.sluice.worker.text.Durations;
import dev.sluice.worker.topics.AclErrors;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Reads the reports of a queue's workers for a tool, from a few seconds ago on. A reading that soon follows another one
 * goes on where that one has stopped. The time and the memory that it takes do not depend on how much the topic holds.
 * It joins no group and writes nothing. Not thread-safe.
 */
public final class PoolReader implements AutoCloseable {
    /** Every worker that is alive has reported within this time. */
    private static final Duration WINDOW = PoolMember.VALIDITY.plusSeconds(1);

    /** The most records that one reading takes, whatever the clocks say. That is what 2,000 workers write in 10 s. */
    private static final long MAX_RECORDS = 20_000;

    private static final Duration TIME = AdminTimeouts.FOREGROUND;
    private static final Duration POLL = Duration.ofMillis(100);

    private final Consumer<byte[], byte[]> consumer;
    private final InstantSource clock;
    private final String base;
    private final String topic;
    private final TopicPartition partition;
    private final Set<String> known = new HashSet<>();
    private PoolView view = new PoolView();
    /** The {@code System.nanoTime()} until which the next reading can go on where the last one has stopped. */
    private OptionalLong goesOnUntil = OptionalLong.empty();

    /**
     * @param kafka the user's properties
     * @param clientId names this tool to the broker
     */
    public PoolReader(Map<String, Object> kafka, String clientId, Topics topics) {
        this(kafka, clientId, topics, Clock.systemUTC());
    }

    PoolReader(Map<String, Object> kafka, String clientId, Topics topics, InstantSource clock) {
        this.clock = clock;
        Map<String, Object> config = new HashMap<>(kafka);
        config.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, (int) POLL.toMillis()); // close() waits for a fetch
        this.consumer = KafkaClients.reportReader(config, clientId);
        this.base = topics.base();
        this.topic = topics.workers();
        this.partition = new TopicPartition(topic, 0);
    }

    /**
     * Returns the reports of the workers that are alive. It never fails: if they cannot be read, that is the reading.
     * If all are old, it waits for a new one, since this host's clock and the broker's may differ.
     */
    public PoolReading read() {
        return read(PoolMember.VALIDITY);
    }

    /** Returns the same, but takes old reports for the last ones. It suits a tool that knows that no worker runs. */
    public PoolReading readWithoutWaiting() {
        return read(Duration.ZERO);
    }

    private PoolReading read(Duration patience) {
        try {
            return tryToRead(patience);
        } catch (InterruptException e) {
            throw e;
        } catch (TimeoutException e) {
            return PoolReading.none(
                    PoolReading.State.UNREADABLE,
                    "topic " + topic + " was not read within " + Durations.format(TIME)
                            + "; look at the brokers that hold it");
        } catch (KafkaException e) {
            return AclErrors.words(e, AclErrors.Right.READ)
                    .map(words -> PoolReading.none(PoolReading.State.DENIED, words))
                    .orElseGet(() -> PoolReading.none(
                            PoolReading.State.UNREADABLE,
                            "topic " + topic + " cannot be read: " + e.getMessage()
                                    + "; try again, and look at the broker's log"));
        }
    }

    private PoolReading tryToRead(Duration patience) {
        boolean goesOn = goesOnUntil.isPresent() && System.nanoTime() - goesOnUntil.getAsLong() < 0;
        goesOnUntil = OptionalLong.empty(); // unless this reading ends well
        PoolReading reading = goesOn ? readOn(patience) : readAnew(patience);
        if (reading.state() == PoolReading.State.ALIVE) {
            goesOnUntil = OptionalLong.of(System.nanoTime() + WINDOW.toNanos());
        }
        return reading;
    }

    /** Reads what was written since the last reading, which has found workers. */
    private PoolReading readOn(Duration patience) {
        long end = consumer.endOffsets(List.of(partition), TIME).getOrDefault(partition, 0L);
        return position() > end ? readAnew(patience) : readTo(end, false, patience); // else the topic is a new one
    }

    private PoolReading readAnew(Duration patience) {
        List<PartitionInfo> partitions = consumer.partitionsFor(topic, TIME);
        if (partitions == null || partitions.isEmpty()) {
            return PoolReading.none(
                    PoolReading.State.MISSING,
                    "topic " + topic + " does not exist; create it with 'sluice topics create --topic " + base + "'");
        }
        consumer.assign(List.of(partition));
        List<TopicPartition> asked = List.of(partition);
        long end = consumer.endOffsets(asked, TIME).getOrDefault(partition, 0L);
        boolean isEmpty = consumer.beginningOffsets(asked, TIME).getOrDefault(partition, 0L) >= end;
        view = new PoolView();
        known.clear();
        consumer.seek(partition, isEmpty ? end : start(end).orElse(end));
        return readTo(end, isEmpty, patience);
    }

    private PoolReading readTo(long end, boolean isEmpty, Duration patience) {
        long deadline = System.nanoTime() + TIME.toNanos();
        Map<ByteBuffer, ConsumerRecord<byte[], byte[]>> last = new LinkedHashMap<>();
        while (position() < end && System.nanoTime() < deadline) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                if (record.key() != null) {
                    ByteBuffer worker = ByteBuffer.wrap(record.key());
                    last.remove(worker); // so that they stay in the order of the topic
                    last.put(worker, record);
                }
            }
        }
        List<PoolChange> unused = new ArrayList<>();
        last.values().forEach(record -> add(record, unused)); // each report replaces the one before
        boolean isComplete = position() >= end;
        long waitUntil = System.nanoTime() + patience.toNanos();
        while (!isEmpty && isComplete && alive().isEmpty() && System.nanoTime() < waitUntil) {
            pollFor(PoolMember.VALIDITY.dividedBy(2));
        }
        return reading(isEmpty, isComplete);
    }

    /** Returns the first offset within the window by this host's clock. */
    private OptionalLong start(long end) {
        long since = clock.millis() - WINDOW.toMillis();
        OffsetAndTimestamp found =
                consumer.offsetsForTimes(Map.of(partition, since), TIME).get(partition);
        return found == null ? OptionalLong.empty() : OptionalLong.of(Math.max(found.offset(), end - MAX_RECORDS));
    }

    private long position() {
        return consumer.position(partition, TIME);
    }

    /** Reads on for this time. It is longer than a worker's interval, so that the first report is not taken for all. */
    private void pollFor(Duration time) {
        long until = System.nanoTime() + time.toNanos();
        while (System.nanoTime() < until) {
            poll();
        }
    }

    private Map<String, WorkerReport> alive() {
        return view.alive(System.nanoTime());
    }

    private PoolReading reading(boolean isEmpty, boolean isComplete) {
        Map<String, WorkerReport> alive = alive();
        if (!isComplete) {
            String late = "topic " + topic + " was not read to its end within " + Durations.format(TIME)
                    + ", so workers may be missing; try again";
            return new PoolReading(PoolReading.State.UNREADABLE, alive, late);
        }
        if (!alive.isEmpty()) {
            return new PoolReading(PoolReading.State.ALIVE, alive, "");
        }
        return isEmpty
                ? PoolReading.none(
                        PoolReading.State.EMPTY,
                        "no worker has reported yet; start one with 'sluice worker', or update those that run")
                : PoolReading.none(
                        PoolReading.State.SILENT,
                        "no worker has reported for " + Durations.format(PoolMember.VALIDITY)
                                + "; start one with 'sluice worker'");
    }

    /**
     * Reads on after {@link #read}, and waits a moment if there is nothing new.
     *
     * @return the reports in the order of the topic, and the workers that have left
     * @throws KafkaException if Kafka does not let this user read any more
     */
    public List<PoolChange> poll() {
        List<PoolChange> changes = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
            add(record, changes);
        }
        Set<String> silent = new TreeSet<>(known);
        silent.removeAll(alive().keySet());
        known.removeAll(silent);
        silent.forEach(worker -> changes.add(new PoolChange(worker, Instant.now(), Optional.empty(), true)));
        return changes;
    }

    private void add(ConsumerRecord<byte[], byte[]> record, List<PoolChange> changes) {
        Optional<WorkerReport> report = view.read(record, System.nanoTime());
        String worker = record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
        boolean hasLeft = record.value() == null && known.remove(worker);
        if (report.isPresent() || hasLeft) {
            changes.add(new PoolChange(worker, Instant.ofEpochMilli(record.timestamp()), report, false));
            report.ifPresent(present -> known.add(worker));
        }
    }

    @Override
    public void close() {
        consumer.close();
    }
}
