package dev.sluice.worker.status;

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
 * Reads the beginning of what is open, of all partitions at once: some records of each tell since when the oldest
 * waits, and where they reach to the end also how many there are, transaction markers left out. Whatever the backlog,
 * it needs that much per partition, and no more time than {@link #PATIENCE}. Not thread-safe.
 */
final class OldestOpenRecords implements AutoCloseable {
    /** A status is looked at by somebody who waits; what could not be read by then is said to be missing. */
    private static final Duration PATIENCE = Duration.ofMillis(1_500);

    private static final Duration POLL = Duration.ofMillis(100);
    /** Few, since what is fetched compressed may unpack to a hundred times as much. */
    private static final int POLL_RECORDS = 100;
    /** What is read of a partition that has more. */
    private static final long ENOUGH_BYTES = 64 << 10;
    /** Where more may be open than this, they are not counted one by one. */
    private static final long MOST_COUNTED = 500;

    static final Comparator<TopicPartition> BY_NAME =
            Comparator.comparing(TopicPartition::topic).thenComparingInt(TopicPartition::partition);

    /** Most partitions that are named in one sentence. */
    private static final int NAMED = 5;

    private static final int PARTITION_FETCH_BYTES = 64 << 10;
    private static final int FETCH_BYTES = 4 << 20;
    /** All that is asked for is there already; to close waits for the fetch under way. */
    private static final int FETCH_WAIT_MILLIS = 20;

    private final Consumer<byte[], byte[]> consumer;
    /** The topic on which a producer could write any {@link WireHeaders#ENQUEUED_AT} it likes. */
    private final String requests;

    OldestOpenRecords(Map<String, Object> kafka, String requests) {
        Map<String, Object> config = new HashMap<>(kafka);
        config.put(ConsumerConfig.CLIENT_ID_CONFIG, "sluice-status");
        config.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, PARTITION_FETCH_BYTES);
        config.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCH_BYTES);
        config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, POLL_RECORDS);
        config.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, FETCH_WAIT_MILLIS);
        this.consumer = KafkaClients.topicReader(config);
        this.requests = requests;
    }

    /** What was read of one partition. */
    private static final class Head {
        private final OpenRange span;
        private long open;
        private long bytes;
        private OptionalLong oldest = OptionalLong.empty();
        private boolean toTheEnd;

        Head(OpenRange span) {
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
    Map<TopicPartition, PartitionBacklog> read(Collection<OpenRange> spans, List<String> problems) {
        Map<TopicPartition, PartitionBacklog> backlogs = new HashMap<>();
        Map<TopicPartition, Head> heads = new HashMap<>();
        for (OpenRange span : spans) {
            backlogs.put(span.partition(), PartitionBacklog.unread(span));
            if (span.atMost() > 0) {
                heads.put(span.partition(), new Head(span));
            }
        }
        Map<String, Set<TopicPartition>> unread = readHeads(heads);
        unread.forEach((why, partitions) -> problems.add(
                "the oldest of " + names(partitions) + " could not be read (" + why + "); it may be older than shown"));
        heads.forEach((partition, head) -> backlogs.put(partition, head.backlog()));
        return backlogs;
    }

    /** Returns those that were not read, by the reason. */
    private Map<String, Set<TopicPartition>> readHeads(Map<TopicPartition, Head> heads) {
        Map<String, Set<TopicPartition>> unread = new TreeMap<>();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        Deque<Set<TopicPartition>> groups = new ArrayDeque<>(List.of(new TreeSet<>(BY_NAME)));
        groups.getFirst().addAll(heads.keySet());
        while (!groups.isEmpty()) {
            Set<TopicPartition> group = groups.removeFirst();
            try {
                readUntil(deadline, heads, group);
                add(unread, "not within " + Durations.format(PATIENCE), group);
            } catch (TopicAuthorizationException denied) {
                Set<TopicPartition> those =
                        taken(group, partition -> denied.unauthorizedTopics().contains(partition.topic()));
                add(
                        unread,
                        AclErrors.words(denied, AclErrors.Right.READ).orElseThrow(),
                        those.isEmpty() ? group : those);
                groups.addFirst(those.isEmpty() ? Set.of() : group);
            } catch (KafkaException | OutOfMemoryError failed) {
                if (group.size() == 1) {
                    String why = failed instanceof OutOfMemoryError
                            ? "its record unpacks to more than the memory holds"
                            : String.valueOf(failed.getMessage());
                    add(unread, why, group);
                } else {
                    // one of them is at fault, and nothing but words says which
                    groups.addFirst(half(group));
                    groups.addFirst(group);
                }
            }
        }
        return unread;
    }

    private static Set<TopicPartition> half(Set<TopicPartition> group) {
        Set<TopicPartition> half = new HashSet<>(List.copyOf(group).subList(0, group.size() / 2));
        return taken(group, half::contains);
    }

    private static Set<TopicPartition> taken(Set<TopicPartition> from, Predicate<TopicPartition> which) {
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

    /** In a sentence; not too many. */
    static String names(Set<TopicPartition> partitions) {
        String names =
                partitions.stream().map(TopicPartition::toString).limit(NAMED).collect(Collectors.joining(", "));
        return names + (partitions.size() > NAMED ? " and " + (partitions.size() - NAMED) + " more" : "");
    }

    /** Takes out of {@code missing} what has been read; what it leaves has not been in time. */
    private void readUntil(long deadline, Map<TopicPartition, Head> heads, Set<TopicPartition> missing) {
        consumer.assign(missing);
        for (TopicPartition partition : missing) {
            Head head = new Head(of(heads, partition).span);
            heads.put(partition, head);
            consumer.seek(partition, head.span.start());
        }
        while (!missing.isEmpty() && System.nanoTime() < deadline) {
            poll(heads);
            if (missing.removeIf(partition -> isRead(of(heads, partition)))) {
                consumer.assign(missing); // and forget what was fetched of the others beyond that
            }
        }
    }

    private void poll(Map<TopicPartition, Head> heads) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
            Head head = of(heads, new TopicPartition(record.topic(), record.partition()));
            head.bytes += Math.max(0, record.serializedValueSize());
            if (head.span.isOpen(record.offset())) {
                head.open++;
                if (head.oldest.isEmpty()) {
                    head.oldest = OptionalLong.of(since(record));
                }
            }
        }
    }

    private boolean isRead(Head head) {
        head.toTheEnd = consumer.position(head.span.partition()) >= head.span.end();
        boolean enough = head.bytes >= ENOUGH_BYTES || head.span.atMost() > MOST_COUNTED;
        return head.toTheEnd || (head.oldest.isPresent() && enough);
    }

    private static Head of(Map<TopicPartition, Head> heads, TopicPartition partition) {
        Head head = heads.get(partition);
        if (head == null) {
            throw new IllegalStateException("no head of " + partition);
        }
        return head;
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
