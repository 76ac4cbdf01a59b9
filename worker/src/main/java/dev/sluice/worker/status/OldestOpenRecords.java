package dev.sluice.worker.status;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.kafka.KafkaClients;
import dev.sluice.worker.text.Durations;
import dev.sluice.worker.topics.AclErrors;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
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
 * Reads the first open records of all partitions at once. They tell how long the oldest one has waited. If they reach
 * to the end of the partition, they also tell how many records are open without counting transaction markers. The
 * memory per partition is bounded whatever the backlog, and the time is bounded by {@link #TIMEOUT}. Not thread-safe.
 */
final class OldestOpenRecords implements AutoCloseable {
    /** The longest time for one status, because a person waits for it. The rest is reported as not read. */
    private static final Duration TIMEOUT = Duration.ofMillis(1_500);

    private static final Duration POLL = Duration.ofMillis(100);
    /** Few records, because a compressed batch may decompress to a hundred times its size. */
    private static final int POLL_RECORDS = 100;
    /** The bytes after which no more is read of a partition. */
    private static final long ENOUGH_BYTES = 64 << 10;
    /** The largest open range whose records are counted one by one. */
    private static final long MOST_COUNTED = 500;

    static final Comparator<TopicPartition> BY_NAME =
            Comparator.comparing(TopicPartition::topic).thenComparingInt(TopicPartition::partition);

    /** The most partitions that one sentence names. */
    private static final int NAMED = 5;

    private static final int PARTITION_FETCH_BYTES = 64 << 10;
    private static final int FETCH_BYTES = 4 << 20;
    /** Short, because all records exist already and close() waits for the current fetch. */
    private static final int FETCH_WAIT_MILLIS = 20;

    private final Consumer<byte[], byte[]> consumer;
    private final Topics topics;

    OldestOpenRecords(Map<String, Object> kafka, Topics topics) {
        Map<String, Object> config = new HashMap<>(kafka);
        config.put(ConsumerConfig.CLIENT_ID_CONFIG, "sluice-status");
        config.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, PARTITION_FETCH_BYTES);
        config.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCH_BYTES);
        config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, POLL_RECORDS);
        config.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, FETCH_WAIT_MILLIS);
        this.consumer = KafkaClients.topicReader(config);
        this.topics = topics;
    }

    /** The result of reading one partition. */
    private static final class Head {
        private final OpenRange range;
        private long open;
        private long bytes;
        private OptionalLong oldest = OptionalLong.empty();
        private boolean reachesEnd;

        Head(OpenRange range) {
            this.range = range;
        }

        PartitionBacklog backlog() {
            return new PartitionBacklog(
                    range.partition().partition(),
                    range.lag(),
                    range.endedAhead(),
                    reachesEnd ? open : range.atMost(),
                    reachesEnd,
                    oldest);
        }
    }

    /**
     * Returns the backlog of each partition.
     *
     * @param problems takes a sentence if something could not be read
     */
    Map<TopicPartition, PartitionBacklog> read(Collection<OpenRange> ranges, List<String> problems) {
        Map<TopicPartition, PartitionBacklog> backlogs = new HashMap<>();
        Map<TopicPartition, Head> heads = new HashMap<>();
        for (OpenRange range : ranges) {
            backlogs.put(range.partition(), PartitionBacklog.unread(range));
            if (range.atMost() > 0) {
                heads.put(range.partition(), new Head(range));
            }
        }
        Map<String, Set<TopicPartition>> unread = readHeads(heads);
        unread.forEach((why, partitions) -> problems.add(
                "the oldest of " + names(partitions) + " could not be read (" + why + "); it may be older than shown"));
        heads.forEach((partition, head) -> backlogs.put(partition, head.backlog()));
        return backlogs;
    }

    /** Reads all partitions. Returns the ones that could not be read, by the reason. */
    private Map<String, Set<TopicPartition>> readHeads(Map<TopicPartition, Head> heads) {
        Map<String, Set<TopicPartition>> unread = new TreeMap<>();
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        Deque<Set<TopicPartition>> groups = new ArrayDeque<>(List.of(new TreeSet<>(BY_NAME)));
        groups.getFirst().addAll(heads.keySet());
        while (!groups.isEmpty()) {
            Set<TopicPartition> group = groups.removeFirst();
            try {
                readUntil(deadline, heads, group);
                add(unread, "not within " + Durations.format(TIMEOUT), group);
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

    private static void add(Map<String, Set<TopicPartition>> unread, String why, Set<TopicPartition> partitions) {
        if (!partitions.isEmpty()) {
            unread.computeIfAbsent(why, key -> new TreeSet<>(BY_NAME)).addAll(partitions);
        }
    }

    /** Returns the first names, for a sentence. */
    static String names(Set<TopicPartition> partitions) {
        String names =
                partitions.stream().map(TopicPartition::toString).limit(NAMED).collect(Collectors.joining(", "));
        return names + (partitions.size() > NAMED ? " and " + (partitions.size() - NAMED) + " more" : "");
    }

    /** Reads partitions and removes them from {@code missing}. The ones that stay were not read in time. */
    private void readUntil(long deadline, Map<TopicPartition, Head> heads, Set<TopicPartition> missing) {
        consumer.assign(missing);
        for (TopicPartition partition : missing) {
            Head head = new Head(headOf(heads, partition).range);
            heads.put(partition, head);
            consumer.seek(partition, head.range.start());
        }
        while (!missing.isEmpty() && System.nanoTime() < deadline) {
            poll(heads);
            if (missing.removeIf(partition -> isRead(headOf(heads, partition)))) {
                consumer.assign(missing); // drops what was fetched of the other partitions
            }
        }
    }

    private void poll(Map<TopicPartition, Head> heads) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
            Head head = headOf(heads, new TopicPartition(record.topic(), record.partition()));
            head.bytes += Math.max(0, record.serializedValueSize());
            if (head.range.isOpen(record.offset())) {
                head.open++;
                if (head.oldest.isEmpty()) {
                    head.oldest = OptionalLong.of(since(record));
                }
            }
        }
    }

    private boolean isRead(Head head) {
        head.reachesEnd = consumer.position(head.range.partition()) >= head.range.end();
        boolean enough = head.bytes >= ENOUGH_BYTES || head.range.atMost() > MOST_COUNTED;
        return head.reachesEnd || (head.oldest.isPresent() && enough);
    }

    private static Head headOf(Map<TopicPartition, Head> heads, TopicPartition partition) {
        Head head = heads.get(partition);
        if (head == null) {
            throw new IllegalStateException("no head of " + partition);
        }
        return head;
    }

    private long since(ConsumerRecord<byte[], byte[]> record) {
        if (topics.isFromProducers(record.topic())) { // they could set the header
            return record.timestamp();
        }
        try {
            return WireHeaders.number(record.headers(), WireHeaders.ENQUEUED_AT).orElse(record.timestamp());
        } catch (IllegalArgumentException e) {
            return record.timestamp(); // A foreign producer wrote the header. The timestamp is still right.
        }
    }

    @Override
    public void close() {
        consumer.close();
    }
}
