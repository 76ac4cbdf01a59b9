package dev.sluice.worker.intake;

import dev.sluice.worker.kafka.KafkaClients;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads one partition record by record, for {@link PollRecovery}. Owned by the poll thread. */
final class PartitionRecovery {
    /** One wait for the broker. It is short, so that a worker that stops need not wait for an unavailable broker. */
    static final Duration WAIT = Duration.ofSeconds(1);

    private static final int MAX_WAITS_PER_RECORD = 30;

    private static final Logger log = LoggerFactory.getLogger(PartitionRecovery.class);

    private final Consumer<byte[], byte[]> consumer;
    private final HeapHeadroom heap;
    private final PollRecovery.Taker taker;
    private final BooleanSupplier isOver;
    private final Map<ReadStep, Integer> counts = new EnumMap<>(ReadStep.class);

    private long outOfMemoryAt;
    private int waits;

    /** The result of an attempt to read a record. */
    enum ReadStep {
        TAKEN(true),
        SKIPPED(true),
        /** The position has no record, or the broker has not answered yet. */
        NO_RECORD(true),
        /** The heap was too small. The consumer has dropped its buffers and reads the record again. */
        AGAIN(true),
        /** The heap was too small again although it was mostly free, so the record is skipped. */
        TOO_LARGE(false),
        /** The heap is full of other objects, or memory outside of the heap is missing. */
        OUT_OF_MEMORY(false),
        /** The record may not be taken or skipped yet. */
        KEPT_BACK(false),
        /** The record can be read, and the caller does not take readable records. */
        READABLE(false),
        /** Everything is read that was in the partition when recovery began. */
        END(false),
        /** The worker stops, or the time is over. */
        STOPPED(false);

        private final boolean goesOn;

        ReadStep(boolean goesOn) {
            this.goesOn = goesOn;
        }
    }

    /** @param isOver tells before each record to stop */
    PartitionRecovery(
            Consumer<byte[], byte[]> consumer, HeapHeadroom heap, PollRecovery.Taker taker, BooleanSupplier isOver) {
        this.consumer = consumer;
        this.heap = heap;
        this.taker = taker;
        this.isOver = isOver;
    }

    /** Returns how often this step came, over all partitions. */
    int count(ReadStep step) {
        return counts.getOrDefault(step, 0);
    }

    int skipped() {
        return count(ReadStep.SKIPPED) + count(ReadStep.TOO_LARGE);
    }

    /** Returns the number of records that were taken or skipped over all partitions, except one that was too large. */
    int records() {
        return count(ReadStep.TAKEN) + count(ReadStep.SKIPPED);
    }

    /**
     * Reads at most as many records of a partition as one poll of the group's consumer could.
     *
     * @param end the offset at which the partition ends
     * @param takes true to take readable records, false to stop at the first one
     * @return the last step, which says why reading ends
     */
    ReadStep read(OwnedPartition partition, long end, boolean takes) {
        assign(partition, partition.position());
        outOfMemoryAt = -1;
        waits = 0;
        int limit = records() + KafkaClients.MAX_POLL_RECORDS;
        ReadStep step;
        do {
            step = next(partition, end, takes);
            counts.merge(step, 1, Integer::sum);
        } while (step.goesOn && records() < limit);
        return step;
    }

    private ReadStep next(OwnedPartition partition, long end, boolean takes) {
        TopicPartition key = partition.partition();
        long position = consumer.position(key, WAIT);
        if (position >= end) {
            return ReadStep.END;
        }
        if (isOver.getAsBoolean()) {
            return ReadStep.STOPPED;
        }
        ReadStep step = step(partition, position, takes);
        boolean waited = step == ReadStep.NO_RECORD && consumer.position(key, WAIT) == position;
        waits = waited ? waits + 1 : 0;
        if (waits == MAX_WAITS_PER_RECORD) {
            throw new TimeoutException("no answer from " + key + "@" + position);
        }
        return step;
    }

    /** Keeps no reference to the record after returning, so that its memory is free for the next one. */
    private ReadStep step(OwnedPartition partition, long position, boolean takes) {
        ConsumerRecords<byte[], byte[]> records;
        try {
            records = consumer.poll(WAIT);
        } catch (OutOfMemoryError error) {
            return isHeapError(error) ? outOfMemory(partition, position) : ReadStep.OUT_OF_MEMORY;
        } catch (KafkaException failure) {
            if (!PollRecovery.isCausedByARecord(failure)) {
                throw failure;
            }
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            String problem = "Kafka cannot hand the record over: " + cause.getMessage();
            return skips(partition, position, problem) ? ReadStep.SKIPPED : ReadStep.KEPT_BACK;
        }
        if (records.isEmpty()) {
            return ReadStep.NO_RECORD;
        }
        if (!takes) {
            return ReadStep.READABLE;
        }
        return taker.take(partition, records.iterator().next()) ? ReadStep.TAKEN : ReadStep.KEPT_BACK;
    }

    /**
     * Returns true for a heap error. A record cannot be the cause of missing threads or of memory outside of the heap.
     */
    private static boolean isHeapError(OutOfMemoryError error) {
        String words = error.getMessage();
        return words == null || words.contains("heap space") || words.contains("array size");
    }

    /** Skips the record only if it did not fit twice and no other objects fill the heap. */
    private ReadStep outOfMemory(OwnedPartition partition, long position) {
        // otherwise the consumer keeps the broken fetch with the record before, and next time throws something else for
        // it
        consumer.assign(Set.of());
        boolean headroom = heap.await();
        assign(partition, position);
        if (outOfMemoryAt != position) {
            outOfMemoryAt = position;
            return ReadStep.AGAIN;
        }
        if (!headroom) {
            return ReadStep.OUT_OF_MEMORY;
        }
        String problem = "the record unpacks to more than the worker's memory holds";
        return skips(partition, position, problem) ? ReadStep.TOO_LARGE : ReadStep.KEPT_BACK;
    }

    private boolean skips(OwnedPartition partition, long position, String problem) {
        boolean skipped = taker.skip(partition, position, problem);
        if (skipped) {
            log.atWarn()
                    .addKeyValue("record", partition.partition() + "@" + position)
                    .addKeyValue("problem", problem)
                    .log("Record cannot be read and is skipped");
            consumer.seek(partition.partition(), position + 1);
        }
        return skipped;
    }

    private void assign(OwnedPartition partition, long position) {
        TopicPartition key = partition.partition();
        consumer.assign(Set.of(key));
        consumer.seek(key, position);
    }
}
