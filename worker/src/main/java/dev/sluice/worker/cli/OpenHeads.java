package dev.sluice.worker.cli;

import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.intake.IntakeConsumer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * Reads the beginning of what is open, of all partitions at once: a fetch of each tells since when the oldest record
 * waits, and where it reaches to the end also how many there are, transaction markers left out. Whatever the backlog,
 * it needs one such fetch per partition, and no more time than {@link #PATIENCE}. Not thread-safe.
 */
final class OpenHeads implements AutoCloseable {
    /** A status is looked at by somebody who waits; what could not be read by then is said to be missing. */
    private static final Duration PATIENCE = Duration.ofMillis(1_500);

    private static final Duration POLL = Duration.ofMillis(100);
    /** Most partitions that are named in one sentence. */
    private static final int NAMED = 5;

    private static final int PARTITION_FETCH_BYTES = 64 << 10;
    private static final int FETCH_BYTES = 4 << 20;
    /** All that is asked for is there already; to close waits for the fetch under way. */
    private static final int FETCH_WAIT_MILLIS = 20;

    private final Consumer<byte[], byte[]> consumer;
    /** The topic on which a producer could write any {@link WireHeaders#ENQUEUED_AT} it likes. */
    private final String requests;

    OpenHeads(Map<String, Object> kafka, String group, String requests) {
        Map<String, Object> config = new HashMap<>(kafka);
        config.put(ConsumerConfig.CLIENT_ID_CONFIG, "sluice-status");
        config.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, PARTITION_FETCH_BYTES);
        config.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCH_BYTES);
        config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, Integer.MAX_VALUE);
        config.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, FETCH_WAIT_MILLIS);
        this.consumer = IntakeConsumer.reading(config, group);
        this.requests = requests;
    }

    /** What was read of one partition. */
    private static final class Head {
        private final OpenSpan span;
        private long open;
        private OptionalLong oldest = OptionalLong.empty();
        private boolean toTheEnd;

        Head(OpenSpan span) {
            this.span = span;
        }

        PartitionBacklog backlog() {
            return new PartitionBacklog(
                    span.partition().partition(),
                    span.lag(),
                    span.endedAhead(),
                    toTheEnd ? open : span.atMost(),
                    toTheEnd,
                    oldest);
        }
    }

    /**
     * The backlog of each partition, in any order.
     *
     * @param problems takes a sentence where something could not be read
     */
    Map<TopicPartition, PartitionBacklog> read(Collection<OpenSpan> spans, List<String> problems) {
        Map<TopicPartition, PartitionBacklog> backlogs = new HashMap<>();
        Map<TopicPartition, Head> heads = new HashMap<>();
        for (OpenSpan span : spans) {
            backlogs.put(span.partition(), PartitionBacklog.unread(span));
            if (span.atMost() > 0) {
                heads.put(span.partition(), new Head(span));
            }
        }
        readHeads(heads, problems);
        heads.forEach((partition, head) -> backlogs.put(partition, head.backlog()));
        return backlogs;
    }

    private void readHeads(Map<TopicPartition, Head> heads, List<String> problems) {
        consumer.unsubscribe(); // forgets what was paused last time
        consumer.assign(heads.keySet());
        heads.forEach((partition, head) -> consumer.seek(partition, head.span.start()));
        Set<TopicPartition> missing = new HashSet<>(heads.keySet());
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        Map<String, List<TopicPartition>> unreadable = new TreeMap<>();
        try {
            readUntil(deadline, heads, missing);
        } catch (KafkaException failed) {
            // it is thrown for one of them, does not say for which, and comes again before the others' records
            readOneByOne(deadline, heads, missing, unreadable);
        }
        if (!missing.isEmpty()) {
            unreadable.put("not within " + Durations.format(PATIENCE), List.copyOf(missing));
        }
        unreadable.forEach((why, partitions) -> problems.add(
                "the oldest of " + names(partitions) + " could not be read (" + why + "); it may be older than shown"));
    }

    private void readUntil(long deadline, Map<TopicPartition, Head> heads, Set<TopicPartition> missing) {
        while (!missing.isEmpty() && System.nanoTime() < deadline) {
            poll(heads, missing);
        }
    }

    /**
     * Finds out which cannot be read, and reads the others.
     *
     * @param unreadable takes those by the reason
     */
    private void readOneByOne(
            long deadline,
            Map<TopicPartition, Head> heads,
            Set<TopicPartition> missing,
            Map<String, List<TopicPartition>> unreadable) {
        consumer.pause(heads.keySet());
        for (TopicPartition partition : List.copyOf(missing)) {
            Set<TopicPartition> alone = new HashSet<>(Set.of(partition));
            consumer.resume(alone);
            try {
                readUntil(deadline, heads, alone);
            } catch (KafkaException failed) {
                unreadable
                        .computeIfAbsent(String.valueOf(failed.getMessage()), why -> new ArrayList<>())
                        .add(partition);
                alone.clear();
            }
            consumer.pause(Set.of(partition));
            if (alone.isEmpty()) {
                missing.remove(partition);
            }
        }
    }

    private static String names(List<TopicPartition> partitions) {
        String names = partitions.stream()
                .map(TopicPartition::toString)
                .sorted()
                .limit(NAMED)
                .collect(Collectors.joining(", "));
        return names + (partitions.size() > NAMED ? " and " + (partitions.size() - NAMED) + " more" : "");
    }

    private void poll(Map<TopicPartition, Head> heads, Set<TopicPartition> missing) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
            Head head = heads.get(new TopicPartition(record.topic(), record.partition()));
            if (head != null && head.span.isOpen(record.offset())) {
                head.open++;
                if (head.oldest.isEmpty()) {
                    head.oldest = OptionalLong.of(since(record));
                }
            }
        }
        List<TopicPartition> enough = new ArrayList<>();
        for (TopicPartition partition : missing) {
            Head head = heads.get(partition);
            if (head == null) {
                throw new IllegalStateException("no head of " + partition);
            }
            head.toTheEnd = consumer.position(partition) >= head.span.end();
            if (head.toTheEnd || head.oldest.isPresent()) {
                enough.add(partition);
            }
        }
        consumer.pause(enough);
        enough.forEach(missing::remove);
    }

    private long since(ConsumerRecord<byte[], byte[]> record) {
        if (record.topic().equals(requests)) {
            return record.timestamp();
        }
        try {
            return WireHeaders.number(record.headers(), WireHeaders.ENQUEUED_AT).orElse(record.timestamp());
        } catch (IllegalArgumentException notANumber) {
            return record.timestamp(); // a stranger has written it; when it came is true all the same
        }
    }

    @Override
    public void close() {
        consumer.close();
    }
}
