package dev.sluice.worker.status;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.text.Durations;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Reads the first open records of all partitions at once. They tell how long the oldest one has waited. If they reach
 * to the end of the partition, they also tell how many records are open without counting transaction markers. The time
 * is bounded by {@link #TIMEOUT}. Records do not change, so the next reading does not read again what one has found,
 * for as long as it holds. Not thread-safe.
 */
final class OldestOpenRecords {
    /** The longest time for one status, because a person waits for it. The rest is reported as not read. */
    private static final Duration TIMEOUT = Duration.ofMillis(1_500);

    /** The bytes after which no more is read of a partition. */
    private static final long ENOUGH_BYTES = 64 << 10;
    /** The largest open range whose records are counted one by one. */
    private static final long MOST_COUNTED = 500;

    private final PartitionScanner scanner;
    private final Topics topics;
    /** The findings of the latest reading. */
    private final Map<TopicPartition, Found> found = new HashMap<>();

    OldestOpenRecords(PartitionScanner scanner, Topics topics) {
        this.scanner = scanner;
        this.topics = topics;
    }

    /**
     * The findings of a reading in one partition.
     *
     * @param range what was open then
     * @param first the offset of its first open record; -1 if there was none
     */
    private record Found(OpenRange range, long first, PartitionBacklog backlog) {
        /** Returns what it tells of a later range. It is empty if the partition has to be read. */
        Optional<PartitionBacklog> of(OpenRange later) {
            if (later.equals(range)) {
                return Optional.of(backlog);
            }
            // Requests end and are never opened again, but for offsets that were set back, and a topic that is new.
            boolean isSameLog = later.start() >= range.start() && later.end() >= range.end();
            return isSameLog && later.isOpen(first) && later.atMost() > MOST_COUNTED
                    ? Optional.of(PartitionBacklog.uncounted(later, backlog.oldest()))
                    : Optional.empty();
        }
    }

    /** The first open records of one partition. */
    private final class Head implements PartitionScan {
        private final OpenRange range;
        private long first = -1;
        private long open;
        private long bytes;
        private OptionalLong oldest = OptionalLong.empty();
        private boolean reachesEnd;

        Head(OpenRange range) {
            this.range = range;
        }

        @Override
        public long begin() {
            open = 0;
            bytes = 0;
            first = -1;
            oldest = OptionalLong.empty();
            return range.start();
        }

        @Override
        public void add(ConsumerRecord<byte[], byte[]> record) {
            bytes += Math.max(0, record.serializedValueSize());
            if (range.isOpen(record.offset())) {
                open++;
                if (oldest.isEmpty()) {
                    first = record.offset();
                    oldest = OptionalLong.of(since(record));
                }
            }
        }

        @Override
        public boolean isDone(long position) {
            reachesEnd = position >= range.end();
            boolean enough = bytes >= ENOUGH_BYTES || range.atMost() > MOST_COUNTED;
            return reachesEnd || (oldest.isPresent() && enough);
        }

        PartitionBacklog backlog() {
            return reachesEnd
                    ? PartitionBacklog.counted(range, open, oldest)
                    : PartitionBacklog.uncounted(range, oldest);
        }

        Found found() {
            return new Found(range, first, backlog());
        }

        /** Returns true if the oldest one was read. */
        boolean isRead() {
            return reachesEnd || oldest.isPresent();
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
            Found before = found.remove(range.partition());
            Optional<PartitionBacklog> known = before == null ? Optional.empty() : before.of(range);
            backlogs.put(range.partition(), known.orElseGet(() -> PartitionBacklog.unread(range)));
            if (known.isPresent()) {
                found.put(range.partition(), before);
            } else if (range.atMost() > 0) {
                heads.put(range.partition(), new Head(range));
            }
        }
        PartitionScanner.Unread unread = scanner.scan(heads, TIMEOUT);
        Map<String, Set<TopicPartition>> reasons = new TreeMap<>(unread.failed());
        if (!unread.late().isEmpty()) {
            reasons.put("not within " + Durations.format(TIMEOUT), unread.late());
        }
        reasons.forEach((why, partitions) -> problems.add("the oldest of " + PartitionScanner.names(partitions)
                + " could not be read (" + why + "); it may be older than shown"));
        heads.forEach((partition, head) -> {
            backlogs.put(partition, head.backlog());
            if (head.isRead()) {
                found.put(partition, head.found());
            }
        });
        return backlogs;
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
}
