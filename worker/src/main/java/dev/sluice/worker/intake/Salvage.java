package dev.sluice.worker.intake;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.CorruptRecordException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads on where {@code poll} throws because of a record: a corrupt one, or one that unpacks to more than the heap holds.
 *
 * <p>What the group's consumer throws does not say which record that is: it names the partition in words only or, being
 * an {@link OutOfMemoryError}, nothing, and then the offset may be any of a whole poll's. The same exceptions are thrown
 * for other reasons, too. So a second consumer, outside the group, reads each partition alone and record by record, from
 * where intake stands. Where it fails as well, that position is passed over; where it fails nowhere, no record was at
 * fault. A transaction marker right before a corrupt batch cannot be told from a record, and is passed over like one.
 *
 * <p>Owned by the poll thread.
 */
final class Salvage {
    /** For one answer of the broker. The whole must end within the consumer's poll interval. */
    private static final Duration BOUND = Duration.ofSeconds(30);

    private static final Logger log = LoggerFactory.getLogger(Salvage.class);

    private final Supplier<Consumer<byte[], byte[]>> oneByOne;

    /** Where what is read goes, in the order of the offsets. */
    interface Taker {
        /** False where the record is kept back; it will be read again. */
        boolean take(OwnedPartition partition, ConsumerRecord<byte[], byte[]> kept);

        /** False where this may not be done yet; it will be asked again. */
        boolean passOver(OwnedPartition partition, long offset, String problem);
    }

    /** @param oneByOne makes a consumer outside of the group whose every poll gives one record at most */
    Salvage(Supplier<Consumer<byte[], byte[]>> oneByOne) {
        this.oneByOne = oneByOne;
    }

    /**
     * Reads past what made {@code poll} throw. Afterwards the group's consumer has to seek to where the partitions stand:
     * it may have lost records that it was about to hand over.
     *
     * @return false where no record was at fault: then {@code failure} is for somebody else
     */
    boolean readsOn(Throwable failure, Collection<OwnedPartition> partitions, Taker taker) {
        if (!isOfARecord(failure)) {
            return false;
        }
        try (Consumer<byte[], byte[]> reader = oneByOne.get()) {
            Set<TopicPartition> keys =
                    partitions.stream().map(OwnedPartition::partition).collect(Collectors.toSet());
            Map<TopicPartition, Long> ends = reader.endOffsets(keys, BOUND);
            boolean readsOn = false;
            for (OwnedPartition partition : partitions) {
                Reader one = new Reader(reader, partition, ends.getOrDefault(partition.partition(), 0L), taker);
                readsOn |= failure instanceof OutOfMemoryError ? one.takeAndPassOver() : one.passOver();
            }
            return readsOn;
        } catch (KafkaException unavailable) {
            failure.addSuppressed(unavailable);
            return false;
        }
    }

    /**
     * What {@code poll} throws because of a record, but not only then: Kafka has no class of its own for it. Subclasses
     * say that the broker, the group or this worker's rights are at fault, a cause of another kind that a rebalance
     * callback has failed.
     */
    private static boolean isOfARecord(Throwable failure) {
        Throwable cause = failure.getCause();
        return (failure.getClass() == KafkaException.class && (cause == null || cause instanceof KafkaException))
                || failure instanceof CorruptRecordException
                || failure instanceof SerializationException
                || failure instanceof OutOfMemoryError;
    }

    /** What comes next in a partition. */
    private sealed interface Next {
        record Whole(ConsumerRecord<byte[], byte[]> record) implements Next {}

        /** A whole one that was handed over, unless it was kept back. */
        record Taken(boolean keptBack) implements Next {}

        record Unreadable(long offset, Throwable why) implements Next {}

        /** Everything is read that was there when the failure was looked into. */
        record End() implements Next {}
    }

    /** One partition, read record by record. */
    private static final class Reader {
        private final Consumer<byte[], byte[]> consumer;
        private final OwnedPartition partition;
        private final TopicPartition key;
        private final long end;
        private final Taker taker;
        private int left = IntakeConsumer.MAX_POLL_RECORDS;

        Reader(Consumer<byte[], byte[]> consumer, OwnedPartition partition, long end, Taker taker) {
            this.consumer = consumer;
            this.partition = partition;
            this.key = partition.partition();
            this.end = end;
            this.taker = taker;
            consumer.assign(Set.of(key));
            consumer.seek(key, partition.position());
        }

        /** What the heap cannot hold may also be many records at once that are each readable, or lie behind such. */
        boolean takeAndPassOver() {
            boolean some = false;
            Next next = takeNext();
            while (next instanceof Next.Taken taken) {
                some = true;
                if (taken.keptBack() || --left == 0) {
                    return true;
                }
                next = takeNext();
            }
            return passOver(next) || some;
        }

        /** Holds no record while it reads the next one, which may need that memory. */
        private Next takeNext() {
            Next next = next();
            return next instanceof Next.Whole whole ? new Next.Taken(!taker.take(partition, whole.record())) : next;
        }

        boolean passOver() {
            return passOver(next());
        }

        private boolean passOver(Next first) {
            Next next = first;
            boolean some = false;
            while (next instanceof Next.Unreadable unreadable && left-- > 0) {
                some = true;
                String problem = problem(unreadable.why());
                if (!taker.passOver(partition, unreadable.offset(), problem)) {
                    return true;
                }
                log.atWarn()
                        .addKeyValue("record", key + "@" + unreadable.offset())
                        .addKeyValue("problem", problem)
                        .log("record cannot be read and is passed over");
                consumer.seek(key, unreadable.offset() + 1);
                next = next();
            }
            return some;
        }

        private Next next() {
            long position = consumer.position(key, BOUND);
            boolean again = false;
            while (position < end) {
                ConsumerRecords<byte[], byte[]> records;
                try {
                    records = consumer.poll(BOUND);
                } catch (KafkaException | OutOfMemoryError failure) {
                    if (!isOfARecord(failure)) {
                        throw failure;
                    }
                    if (again || !(failure instanceof OutOfMemoryError)) {
                        return new Next.Unreadable(position, failure);
                    }
                    // with what the consumer kept of the last record, and the calls under way held: once more without
                    again = true;
                    consumer.seek(key, position);
                    continue;
                }
                if (!records.isEmpty()) {
                    return new Next.Whole(records.iterator().next());
                }
                long before = position;
                position = consumer.position(key, BOUND);
                if (position == before) {
                    throw new TimeoutException("no answer from " + key + "@" + position + " within " + BOUND);
                }
            }
            return new Next.End();
        }

        private static String problem(Throwable why) {
            Throwable cause = why.getCause() == null ? why : why.getCause();
            return why instanceof OutOfMemoryError
                    ? "the record unpacks to more than the worker's memory holds"
                    : "Kafka cannot hand the record over: " + cause.getMessage();
        }
    }
}
