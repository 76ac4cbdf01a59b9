package dev.sluice.worker.intake;

import dev.sluice.worker.intake.PartitionRecovery.ReadStep;
import dev.sluice.worker.kafka.CompressionCodecs;
import dev.sluice.worker.threads.WorkerException;
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
 * Reads past a record that makes {@code poll} throw. The record is corrupt, or decompresses to more than the heap
 * holds.
 *
 * <p>The exception of the group's consumer does not say which record failed. It names the partition in words only. An
 * {@link OutOfMemoryError} names nothing, and any offset of a whole poll may be the cause. The same exceptions also
 * have other causes. So a second consumer outside of the group reads each partition alone and record by record, from
 * intake's position on. If it fails, that position is skipped. If it never fails, no record was the cause. A
 * transaction marker right before a corrupt batch looks like a record and is skipped, too.
 *
 * <p>After an OutOfMemoryError at most one record is skipped per attempt, and only if {@link HeapHeadroom} says that
 * the record is too large. The group's consumer must have dropped its buffers for that. Otherwise the error ends the
 * worker. The next owner reads again what this worker has read and not ended.
 *
 * <p>Owned by the poll thread.
 */
public final class PollRecovery {
    // the whole attempt must end within the consumer's poll interval
    private static final long TIMEOUT_NANOS = Duration.ofMinutes(2).toNanos();

    private static final long END_OFFSETS_TIMEOUT_NANOS = Duration.ofSeconds(30).toNanos();

    // give up after this many attempts without progress
    private static final int MAX_VAIN_ATTEMPTS = 3;

    // steps that explain the failure, or that come too early to say that nothing explains it
    private static final Set<ReadStep> EXPLAINING =
            EnumSet.of(ReadStep.TOO_LARGE, ReadStep.KEPT_BACK, ReadStep.STOPPED);

    // after these no other partition is read, since its records could be blamed for the missing memory
    private static final Set<ReadStep> OUT_OF_HEAP = EnumSet.of(ReadStep.TOO_LARGE, ReadStep.OUT_OF_MEMORY);

    private static final Logger log = LoggerFactory.getLogger(PollRecovery.class);

    private final Supplier<Consumer<byte[], byte[]>> singleRecordReaders;
    private final HeapHeadroom heap;
    private final LongSupplier nanoTime;
    private Map<TopicPartition, Long> lastPositions = Map.of();
    private int vainAttempts;

    /** Takes the records that recovery has read, in the order of their offsets. */
    interface Taker {
        /** Takes a record. Returns false if the record is kept back, and then it is read again. */
        boolean take(OwnedPartition partition, ConsumerRecord<byte[], byte[]> record);

        /** Skips a record. Returns false if that may not be done yet, and then it is asked again. */
        boolean skip(OwnedPartition partition, long offset, String problem);

        /** Returns true if nothing more is to be read. */
        boolean ends();
    }

    /**
     * @param singleRecordReaders builds a consumer outside of the group whose every poll returns at most one record
     * @param nanoTime a monotonic clock
     */
    public PollRecovery(
            Supplier<Consumer<byte[], byte[]>> singleRecordReaders, HeapHeadroom heap, LongSupplier nanoTime) {
        this.singleRecordReaders = singleRecordReaders;
        this.heap = heap;
        this.nanoTime = nanoTime;
    }

    /**
     * Reads past the records that made {@code poll} throw. Afterwards the caller must seek the group's consumer to the
     * positions of the partitions, since it may have lost records that it was about to return.
     *
     * @return false if no record caused the failure, or skipping did not help; the caller must rethrow {@code failure}
     * @throws WorkerException if this host cannot unpack any record, so that none of them may be skipped
     */
    boolean recover(Throwable failure, Collection<OwnedPartition> partitions, Taker taker) {
        CompressionCodecs.hostProblem(failure).ifPresent(problem -> {
            throw new WorkerException(problem, failure);
        });
        if (!isCausedByARecord(failure)) {
            return false;
        }
        // the heap may also be too small for many records at once that are each readable, or for one behind these
        boolean takes = failure instanceof OutOfMemoryError;
        Map<TopicPartition, Long> before = positions(partitions);
        vainAttempts = before.equals(lastPositions) ? vainAttempts : 0;
        boolean explained = readRecords(failure, partitions, takes, taker);
        lastPositions = positions(partitions);
        vainAttempts = lastPositions.equals(before) ? vainAttempts + 1 : 0;
        return taker.ends() || (explained && vainAttempts < MAX_VAIN_ATTEMPTS);
    }

    private boolean readRecords(Throwable failure, Collection<OwnedPartition> partitions, boolean takes, Taker taker) {
        long begun = nanoTime.getAsLong();
        BooleanSupplier isOver = () -> taker.ends() || nanoTime.getAsLong() - begun >= TIMEOUT_NANOS;
        try (Consumer<byte[], byte[]> consumer = singleRecordReaders.get()) {
            PartitionRecovery reader = new PartitionRecovery(consumer, heap, taker, isOver);
            Map<TopicPartition, Long> ends =
                    ends(consumer, positions(partitions).keySet(), taker);
            Set<ReadStep> last = EnumSet.noneOf(ReadStep.class);
            for (OwnedPartition partition : partitions) {
                last.add(reader.read(partition, ends.getOrDefault(partition.partition(), 0L), takes));
                if (last.stream().anyMatch(OUT_OF_HEAP::contains)) {
                    break;
                }
            }
            logResult(failure, reader);
            boolean explained = last.stream().anyMatch(EXPLAINING::contains) || reader.records() > 0;
            return explained && !last.contains(ReadStep.OUT_OF_MEMORY);
        } catch (KafkaException e) {
            failure.addSuppressed(e);
            return false;
        }
    }

    /** Waits in steps, so that a worker that stops need not wait for an unavailable broker. */
    private Map<TopicPartition, Long> ends(
            Consumer<byte[], byte[]> consumer, Set<TopicPartition> partitions, Taker taker) {
        long begun = nanoTime.getAsLong();
        while (true) {
            try {
                return consumer.endOffsets(partitions, PartitionRecovery.WAIT);
            } catch (TimeoutException e) {
                if (taker.ends() || nanoTime.getAsLong() - begun >= END_OFFSETS_TIMEOUT_NANOS) {
                    throw e;
                }
            }
        }
    }

    private static void logResult(Throwable failure, PartitionRecovery reader) {
        log.atWarn()
                .addKeyValue("failure", failure)
                .addKeyValue("taken", reader.count(ReadStep.TAKEN))
                .addKeyValue("passedOver", reader.skipped())
                .addKeyValue("keptBack", reader.count(ReadStep.KEPT_BACK))
                .addKeyValue("outOfMemory", reader.count(ReadStep.OUT_OF_MEMORY) > 0)
                .log("Poll failed; partitions were read record by record");
    }

    private static Map<TopicPartition, Long> positions(Collection<OwnedPartition> partitions) {
        return partitions.stream().collect(Collectors.toMap(OwnedPartition::partition, OwnedPartition::position));
    }

    /**
     * Returns true if a record may be the cause of the failure. Kafka has no exception class of its own for that.
     * Subclasses of KafkaException mean that the broker, the group or this worker's rights are the cause. A cause that
     * is no KafkaException means that a rebalance callback has failed. A library that cannot be loaded is the host's
     * fault.
     */
    static boolean isCausedByARecord(Throwable failure) {
        Throwable cause = failure.getCause();
        if (CompressionCodecs.hostProblem(failure).isPresent()) {
            return false;
        }
        return (failure.getClass() == KafkaException.class && (cause == null || cause instanceof KafkaException))
                || failure instanceof CorruptRecordException
                || failure instanceof SerializationException
                || failure instanceof OutOfMemoryError;
    }
}
