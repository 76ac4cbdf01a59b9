package dev.sluice.worker.intake;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks ahead in partitions where the group's consumer waits because a backlog has its part of the read-ahead, and
 * finds out whether anybody else lies there. It reads with a consumer outside of the group, scans each partition once
 * and then follows its end. What it sees are hints: it reads uncommitted records, too, and no request is called or
 * moved because of a hint alone. Owned by the poll thread.
 */
final class BacklogScout implements AutoCloseable {
    private static final Duration ENDS_TIMEOUT = Duration.ofSeconds(1);

    /** The time that a look waits for what is on its way here, while it is known that there is more. */
    private static final Duration FETCH_WAIT = Duration.ofMillis(5);

    private static final Logger log = LoggerFactory.getLogger(BacklogScout.class);

    private final Supplier<Consumer<byte[], byte[]>> consumers;
    private final RequestReader reader;
    private final OwnedPartitions owned;
    private @Nullable Consumer<byte[], byte[]> consumer;
    private Map<TopicPartition, OwnedPartition> looksAt = Map.of();

    /** @param consumers builds a consumer outside of the group that reads uncommitted records as well */
    BacklogScout(Supplier<Consumer<byte[], byte[]>> consumers, RequestReader reader, OwnedPartitions owned) {
        this.consumers = consumers;
        this.reader = reader;
        this.owned = owned;
    }

    /**
     * Looks a little further ahead in these partitions. It waits for some milliseconds at most.
     *
     * @return true if there is more to see at once
     */
    boolean look(Collection<OwnedPartition> waiting) {
        Map<TopicPartition, OwnedPartition> readable = waiting.stream()
                .filter(partition -> !ahead(partition).isUnreadableFrom(partition.position()))
                .collect(Collectors.toMap(OwnedPartition::partition, partition -> partition));
        if (readable.isEmpty()) {
            return false;
        }
        try {
            assign(readable);
            boolean isAny = false;
            Duration wait = isBehind(readable.keySet()) ? FETCH_WAIT : Duration.ZERO;
            for (ConsumerRecord<byte[], byte[]> record : consumer().poll(wait)) {
                OwnedPartition partition = readable.get(new TopicPartition(record.topic(), record.partition()));
                if (partition != null && record.offset() >= ahead(partition).next()) {
                    see(partition, record);
                    isAny = true;
                }
            }
            return isAny;
        } catch (InterruptException interrupted) {
            throw interrupted;
        } catch (KafkaException | OutOfMemoryError failure) {
            // Whoever lies behind what cannot be read is found by reading on.
            log.atDebug()
                    .addKeyValue("partitions", readable.keySet())
                    .setCause(failure)
                    .log("Scout cannot look ahead");
            readable.values().forEach(partition -> ahead(partition).cannotRead());
            close();
            return false;
        }
    }

    /** Returns true if one of these partitions is not read to its end. */
    private boolean isBehind(Set<TopicPartition> partitions) {
        return partitions.stream()
                .anyMatch(partition -> consumer().currentLag(partition).orElse(0) > 0);
    }

    private void see(OwnedPartition partition, ConsumerRecord<byte[], byte[]> record) {
        if (partition.isDone(record.offset())) {
            ahead(partition).skipTo(record.offset() + 1);
        } else {
            ahead(partition).saw(reader.backlogOf(partition.assignment(), record), record.offset());
        }
    }

    private static BacklogsAhead ahead(OwnedPartition partition) {
        return partition.ahead();
    }

    /**
     * Assigns what is new, leaves out what is not owned any more, and pauses what nobody waits for. Of a partition that
     * were not assigned meanwhile the consumer would forget what it has fetched.
     */
    private void assign(Map<TopicPartition, OwnedPartition> wanted) {
        Consumer<byte[], byte[]> reading = consumer();
        Map<TopicPartition, OwnedPartition> all = new HashMap<>(looksAt);
        all.values().removeIf(partition -> owned.find(partition.partition()) != partition);
        all.putAll(wanted);
        // a partition that has come back is another assignment, of which nothing has been seen yet
        Set<TopicPartition> fresh = wanted.keySet().stream()
                .filter(key -> looksAt.get(key) != wanted.get(key))
                .collect(Collectors.toSet());
        if (!all.equals(looksAt)) {
            reading.assign(all.keySet());
            looksAt = all;
        }
        wanted.forEach((key, partition) -> {
            boolean isBehind = ahead(partition).next() < partition.position();
            ahead(partition).skipTo(partition.position());
            if (isBehind || fresh.contains(key)) {
                reading.seek(key, ahead(partition).next());
            }
        });
        Set<TopicPartition> idle = new HashSet<>(looksAt.keySet());
        idle.removeAll(wanted.keySet());
        reading.pause(idle);
        reading.resume(wanted.keySet());
    }

    /**
     * Returns the ends of these partitions, with records of open transactions.
     *
     * @throws KafkaException if the broker does not answer in time
     */
    Map<TopicPartition, Long> ends(Collection<TopicPartition> partitions) {
        return consumer().endOffsets(partitions, ENDS_TIMEOUT);
    }

    private Consumer<byte[], byte[]> consumer() {
        if (consumer == null) {
            consumer = consumers.get();
        }
        return consumer;
    }

    /** Closes the consumer. The next look opens another one. */
    @Override
    public void close() {
        looksAt = Map.of();
        if (consumer != null) {
            consumer.close(CloseOptions.timeout(Duration.ZERO));
            consumer = null;
        }
    }
}
