package dev.sluice.worker.intake;

import dev.sluice.worker.intake.PartitionRecovery.Step;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
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
 * <p>For want of memory one record is passed over at a time, and only where {@link HeapHeadroom} says that it is the record
 * which is too large. So the group's consumer must hold nothing then. Else the error is left to end the worker: what it has
 * read and not ended is read again by the next.
 *
 * <p>Owned by the poll thread.
 */
public final class PollRecovery {
    /** The whole must end within the consumer's poll interval. */
    private static final long BOUND = Duration.ofMinutes(2).toNanos();

    /** For the ends of the partitions. */
    private static final long BOUND_OF_ENDS = Duration.ofSeconds(30).toNanos();

    /** So many in a row that moved nothing, and the next would not either. */
    private static final int MOST_IN_VAIN = 3;

    /** How reading ends where something is to blame, or it is too early to say that nothing is. */
    private static final Set<Step> EXPLAINED = EnumSet.of(Step.TOO_LARGE, Step.KEPT_BACK, Step.BREAK);

    /** How it ends where the heap was too small: then nothing else is read that might be blamed for it. */
    private static final Set<Step> OF_MEMORY = EnumSet.of(Step.TOO_LARGE, Step.OUT_OF_MEMORY);

    private static final Logger log = LoggerFactory.getLogger(PollRecovery.class);

    private final Supplier<Consumer<byte[], byte[]>> oneByOne;
    private final HeapHeadroom heap;
    private final LongSupplier nanoTime;
    private Map<TopicPartition, Long> stood = Map.of();
    private int inVain;

    /** Where what is read goes, in the order of the offsets. */
    interface Taker {
        /** False where the record is kept back; it will be read again. */
        boolean take(OwnedPartition partition, ConsumerRecord<byte[], byte[]> kept);

        /** False where this may not be done yet; it will be asked again. */
        boolean passOver(OwnedPartition partition, long offset, String problem);

        /** Whether nothing more is to be read. */
        boolean ends();
    }

    /**
     * @param oneByOne makes a consumer outside of the group whose every poll gives one record at most
     * @param nanoTime a monotonic clock
     */
    public PollRecovery(Supplier<Consumer<byte[], byte[]>> oneByOne, HeapHeadroom heap, LongSupplier nanoTime) {
        this.oneByOne = oneByOne;
        this.heap = heap;
        this.nanoTime = nanoTime;
    }

    /**
     * Reads past what made {@code poll} throw. Afterwards the group's consumer has to seek to where the partitions stand:
     * it may have lost records that it was about to hand over.
     *
     * @return false where no record was at fault, or nothing helps: then {@code failure} is for somebody else
     */
    boolean readsOn(Throwable failure, Collection<OwnedPartition> partitions, Taker taker) {
        if (!isOfARecord(failure)) {
            return false;
        }
        // what the heap cannot hold may also be many records at once that are each readable, or lie behind such
        boolean takes = failure instanceof OutOfMemoryError;
        Map<TopicPartition, Long> before = positions(partitions);
        inVain = before.equals(stood) ? inVain : 0;
        boolean explained = readOn(failure, partitions, takes, taker);
        stood = positions(partitions);
        inVain = stood.equals(before) ? inVain + 1 : 0;
        return taker.ends() || (explained && inVain < MOST_IN_VAIN);
    }

    private boolean readOn(Throwable failure, Collection<OwnedPartition> partitions, boolean takes, Taker taker) {
        long begun = nanoTime.getAsLong();
        BooleanSupplier isOver = () -> taker.ends() || nanoTime.getAsLong() - begun >= BOUND;
        try (Consumer<byte[], byte[]> consumer = oneByOne.get()) {
            PartitionRecovery reader = new PartitionRecovery(consumer, heap, taker, isOver);
            Map<TopicPartition, Long> ends =
                    ends(consumer, positions(partitions).keySet(), taker);
            Set<Step> last = EnumSet.noneOf(Step.class);
            for (OwnedPartition partition : partitions) {
                last.add(reader.read(partition, ends.getOrDefault(partition.partition(), 0L), takes));
                if (last.stream().anyMatch(OF_MEMORY::contains)) {
                    break;
                }
            }
            tell(failure, reader);
            boolean explained = last.stream().anyMatch(EXPLAINED::contains) || reader.records() > 0;
            return explained && !last.contains(Step.OUT_OF_MEMORY);
        } catch (KafkaException unavailable) {
            failure.addSuppressed(unavailable);
            return false;
        }
    }

    /** Waits in pieces, so that a worker that stops need not wait for a broker that is away. */
    private Map<TopicPartition, Long> ends(
            Consumer<byte[], byte[]> consumer, Set<TopicPartition> partitions, Taker taker) {
        long begun = nanoTime.getAsLong();
        while (true) {
            try {
                return consumer.endOffsets(partitions, PartitionRecovery.ONE_WAIT);
            } catch (TimeoutException notYet) {
                if (taker.ends() || nanoTime.getAsLong() - begun >= BOUND_OF_ENDS) {
                    throw notYet;
                }
            }
        }
    }

    private static void tell(Throwable failure, PartitionRecovery reader) {
        log.atWarn()
                .addKeyValue("failure", failure)
                .addKeyValue("taken", reader.count(Step.TAKEN))
                .addKeyValue("passedOver", reader.passedOver())
                .addKeyValue("keptBack", reader.count(Step.KEPT_BACK))
                .addKeyValue("outOfMemory", reader.count(Step.OUT_OF_MEMORY) > 0)
                .log("poll failed, and partitions were read record by record");
    }

    private static Map<TopicPartition, Long> positions(Collection<OwnedPartition> partitions) {
        return partitions.stream().collect(Collectors.toMap(OwnedPartition::partition, OwnedPartition::position));
    }

    /**
     * What {@code poll} throws because of a record, but not only then: Kafka has no class of its own for it. Subclasses
     * say that the broker, the group or this worker's rights are at fault, a cause of another kind that a rebalance
     * callback has failed.
     */
    static boolean isOfARecord(Throwable failure) {
        Throwable cause = failure.getCause();
        return (failure.getClass() == KafkaException.class && (cause == null || cause instanceof KafkaException))
                || failure instanceof CorruptRecordException
                || failure instanceof SerializationException
                || failure instanceof OutOfMemoryError;
    }
}
