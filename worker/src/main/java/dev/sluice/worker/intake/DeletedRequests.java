package dev.sluice.worker.intake;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.LogTruncationException;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Goes on where the log of a partition begins if Kafka has deleted what was to be read next, and says how much it was.
 * Kafka deletes by retention, read or not, and when an operator asks for it. Owned by the poll thread.
 */
public final class DeletedRequests {
    private static final Duration TIMEOUT = Duration.ofSeconds(2);

    /** The most offsets of which each is looked at. What has ended out of order lies close to what is committed. */
    private static final long MAX_LOOKED_AT = 1_000_000;

    private static final Logger log = LoggerFactory.getLogger(DeletedRequests.class);

    private final Consumer<byte[], byte[]> consumer;
    private final OwnedPartitions partitions;
    private final PositionReporter positions;
    private final AtomicLong count = new AtomicLong();

    DeletedRequests(Consumer<byte[], byte[]> consumer, OwnedPartitions partitions, PositionReporter positions) {
        this.consumer = consumer;
        this.partitions = partitions;
        this.positions = positions;
    }

    /**
     * Returns the number of requests since the start that were deleted unread. It is an upper bound, since nobody can
     * tell any more which of the offsets were requests. Any thread may call it.
     */
    long count() {
        return count.get();
    }

    /**
     * Moves the consumer to offsets that exist, and refuses partitions of which Kafka has lost what was read. If the
     * broker does not answer now, the consumer throws the same again.
     */
    void skip(OffsetOutOfRangeException outOfRange) {
        // The exception may be older than the last rebalance. A partition that is not open yet is sought anyway.
        List<OwnedPartition> affected = partitions.all().stream()
                .filter(partition -> outOfRange.partitions().contains(partition.partition()))
                .filter(partition -> !partition.awaitsOpening())
                .toList();
        Set<TopicPartition> keys =
                affected.stream().map(OwnedPartition::partition).collect(Collectors.toSet());
        try {
            Map<TopicPartition, Long> begins = consumer.beginningOffsets(keys, TIMEOUT);
            Map<TopicPartition, Long> ends = ends(outOfRange, begins);
            for (OwnedPartition partition : affected) {
                skip(partition, begins.get(partition.partition()), ends.get(partition.partition()));
            }
        } catch (TimeoutException e) {
            log.atDebug().addKeyValue("partitions", keys).setCause(e).log("Offsets unavailable");
        }
    }

    /**
     * Returns up to where each log is still the one that was read. A log that was cut off may have grown again since,
     * so that its end tells nothing.
     */
    private Map<TopicPartition, Long> ends(OffsetOutOfRangeException outOfRange, Map<TopicPartition, Long> begins) {
        if (!(outOfRange instanceof LogTruncationException truncation)) {
            return consumer.endOffsets(begins.keySet(), TIMEOUT);
        }
        Map<TopicPartition, Long> ends = new HashMap<>(begins);
        truncation.divergentOffsets().forEach((partition, divergent) -> ends.put(partition, divergent.offset()));
        return ends;
    }

    private void skip(OwnedPartition partition, long begin, long end) {
        long position = partition.position();
        if (position < begin) {
            report(partition, position, begin);
            partition.position(begin);
            OverflowContent content = partition.overflow();
            if (content != null) {
                content.recount();
            }
        } else {
            positions.refuseIfTruncated(partition, end);
        }
        consumer.seek(partition.partition(), Math.max(begin, Math.min(position, end)));
    }

    private void report(OwnedPartition partition, long from, long to) {
        long looked = Math.min(to, from + MAX_LOOKED_AT);
        long unread = to
                - looked
                + LongStream.range(from, looked)
                        .filter(offset -> !partition.isDone(offset))
                        .count();
        count.addAndGet(unread);
        if (unread > 0) {
            log.atWarn()
                    .addKeyValue("partition", partition.partition())
                    .addKeyValue("atMost", unread)
                    .addKeyValue("fromOffset", from)
                    .addKeyValue("toOffset", to - 1)
                    .addKeyValue(
                            "remedy", "keep the topic's records longer than the queue is ever behind: retention.ms")
                    .log("Requests deleted by Kafka before they were read; they have no ending");
        }
    }
}
