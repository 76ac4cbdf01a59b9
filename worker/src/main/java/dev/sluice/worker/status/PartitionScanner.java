package dev.sluice.worker.status;

import dev.sluice.worker.kafka.KafkaClients;
import dev.sluice.worker.topics.AclErrors;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicAuthorizationException;

/**
 * Reads many partitions at once within a bounded time. A partition that cannot be read does not keep the others from
 * being read. The memory per partition is bounded. Not thread-safe.
 */
final class PartitionScanner implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(100);
    /** Few records, because a compressed batch may decompress to a hundred times its size. */
    private static final int POLL_RECORDS = 100;

    static final Comparator<TopicPartition> BY_NAME =
            Comparator.comparing(TopicPartition::topic).thenComparingInt(TopicPartition::partition);

    /** The most partitions that one sentence names. */
    private static final int NAMED = 5;

    private static final int PARTITION_FETCH_BYTES = 64 << 10;
    private static final int FETCH_BYTES = 4 << 20;
    /** Short, because all records exist already and close() waits for the current fetch. */
    private static final int FETCH_WAIT_MILLIS = 20;

    private final Consumer<byte[], byte[]> consumer;

    PartitionScanner(Map<String, Object> kafka) {
        Map<String, Object> config = new HashMap<>(kafka);
        config.put(ConsumerConfig.CLIENT_ID_CONFIG, "sluice-status");
        config.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, PARTITION_FETCH_BYTES);
        config.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCH_BYTES);
        config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, POLL_RECORDS);
        config.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, FETCH_WAIT_MILLIS);
        this.consumer = KafkaClients.topicReader(config);
    }

    /**
     * The partitions that were not read until their scans were done.
     *
     * @param late the ones for which there was no more time
     * @param failed the others by the reason, in words for people
     */
    record Unread(Set<TopicPartition> late, Map<String, Set<TopicPartition>> failed) {}

    /** Reads each partition until its scan is done or the time is over. */
    Unread scan(Map<TopicPartition, ? extends PartitionScan> scans, Duration time) {
        Unread unread = new Unread(new TreeSet<>(BY_NAME), new TreeMap<>());
        long deadline = System.nanoTime() + time.toNanos();
        Deque<Set<TopicPartition>> groups = new ArrayDeque<>(List.of(new TreeSet<>(BY_NAME)));
        groups.getFirst().addAll(scans.keySet());
        while (!groups.isEmpty()) {
            Set<TopicPartition> group = groups.removeFirst();
            try {
                readUntil(deadline, scans, group);
                unread.late().addAll(group);
            } catch (TopicAuthorizationException e) {
                String right = AclErrors.words(e, AclErrors.Right.READ).orElseThrow();
                add(unread, right, takeDenied(group, e));
                groups.addFirst(group);
            } catch (KafkaException | OutOfMemoryError e) {
                if (group.size() == 1) {
                    add(unread, reason(e), group);
                } else {
                    // One partition has caused this, but only the message says which. So halve the group and try again.
                    groups.addFirst(takeHalf(group));
                    groups.addFirst(group);
                }
            }
        }
        return unread;
    }

    private static String reason(Throwable failure) {
        return failure instanceof OutOfMemoryError
                ? "its record unpacks to more than the memory holds"
                : String.valueOf(failure.getMessage());
    }

    /** Takes the partitions that Kafka denies out of the group. These are all if the exception names no topic of it. */
    private static Set<TopicPartition> takeDenied(Set<TopicPartition> group, TopicAuthorizationException denial) {
        Set<TopicPartition> denied =
                take(group, partition -> denial.unauthorizedTopics().contains(partition.topic()));
        return denied.isEmpty() ? take(group, partition -> true) : denied;
    }

    private static Set<TopicPartition> takeHalf(Set<TopicPartition> group) {
        Set<TopicPartition> half = new HashSet<>(List.copyOf(group).subList(0, group.size() / 2));
        return take(group, half::contains);
    }

    private static Set<TopicPartition> take(Set<TopicPartition> from, Predicate<TopicPartition> which) {
        Set<TopicPartition> taken = new TreeSet<>(BY_NAME);
        from.stream().filter(which).forEach(taken::add);
        from.removeAll(taken);
        return taken;
    }

    private static void add(Unread unread, String why, Set<TopicPartition> partitions) {
        if (!partitions.isEmpty()) {
            unread.failed().computeIfAbsent(why, key -> new TreeSet<>(BY_NAME)).addAll(partitions);
        }
    }

    /** Returns the first names, for a sentence. */
    static String names(Set<TopicPartition> partitions) {
        String names =
                partitions.stream().map(TopicPartition::toString).limit(NAMED).collect(Collectors.joining(", "));
        return names + (partitions.size() > NAMED ? " and " + (partitions.size() - NAMED) + " more" : "");
    }

    /** Reads partitions and removes them from {@code missing}. The ones that stay were not read in time. */
    private void readUntil(
            long deadline, Map<TopicPartition, ? extends PartitionScan> scans, Set<TopicPartition> missing) {
        consumer.assign(missing);
        missing.forEach(
                partition -> consumer.seek(partition, scanOf(scans, partition).begin()));
        while (!missing.isEmpty() && System.nanoTime() < deadline) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                scanOf(scans, new TopicPartition(record.topic(), record.partition()))
                        .add(record);
            }
            if (missing.removeIf(partition -> scanOf(scans, partition).isDone(consumer.position(partition)))) {
                consumer.assign(missing); // drops what was fetched of the other partitions
            }
        }
    }

    private static PartitionScan scanOf(Map<TopicPartition, ? extends PartitionScan> scans, TopicPartition partition) {
        PartitionScan scan = scans.get(partition);
        if (scan == null) {
            throw new IllegalStateException("no scan of " + partition);
        }
        return scan;
    }

    @Override
    public void close() {
        consumer.close();
    }
}
