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
    /** For a record: in pieces, so that a worker that stops need not wait for a broker that is away. */
    private static final int MOST_WAITS = 30;

    static final Duration ONE_WAIT = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(PartitionRecovery.class);

    private final Consumer<byte[], byte[]> consumer;
    private final HeapHeadroom heap;
    private final PollRecovery.Taker taker;
    private final BooleanSupplier isOver;
    private final Map<Step, Integer> counts = new EnumMap<>(Step.class);

    private long ranOutAt;
    private int waits;

    /** What came of an attempt to read a record. */
    enum Step {
        TAKEN(true),
        PASSED_OVER(true),
        /** There is none at this position, or there was no answer yet. */
        NO_RECORD(true),
        /** The heap was too small; what it held is dropped. */
        AGAIN(true),
        /** The heap was too small again, and almost empty: passed over as well. */
        TOO_LARGE(false),
        /** The heap is too small for more reasons than this record, or it is not the heap that is. */
        OUT_OF_MEMORY(false),
        /** It may not be handed over or passed over yet. */
        KEPT_BACK(false),
        /** It can be read, and nobody has asked for it. */
        READABLE(false),
        /** Everything is read that was there when the failure was looked into. */
        END(false),
        /** The worker stops, or the time is over. */
        BREAK(false);

        private final boolean goesOn;

        Step(boolean goesOn) {
            this.goesOn = goesOn;
        }
    }

    /**
     * @param isOver asked before each record: whether to leave it at that
     */
    PartitionRecovery(
            Consumer<byte[], byte[]> consumer, HeapHeadroom heap, PollRecovery.Taker taker, BooleanSupplier isOver) {
        this.consumer = consumer;
        this.heap = heap;
        this.taker = taker;
        this.isOver = isOver;
    }

    /** How often that has come, over all partitions. */
    int count(Step step) {
        return counts.getOrDefault(step, 0);
    }

    int passedOver() {
        return count(Step.PASSED_OVER) + count(Step.TOO_LARGE);
    }

    /** How many records it has got past, over all partitions, but for one that was too large. */
    int records() {
        return count(Step.TAKEN) + count(Step.PASSED_OVER);
    }

    /**
     * Reads on in this partition, as far as one poll of the group's consumer could.
     *
     * @param end the offset at which it ends
     * @param takes whether to hand over what can be read; else it stops there
     * @return why it does not go on
     */
    Step read(OwnedPartition partition, long end, boolean takes) {
        assign(partition, partition.position());
        ranOutAt = -1;
        waits = 0;
        int most = records() + KafkaClients.MAX_POLL_RECORDS;
        Step step;
        do {
            step = next(partition, end, takes);
            counts.merge(step, 1, Integer::sum);
        } while (step.goesOn && records() < most);
        return step;
    }

    private Step next(OwnedPartition partition, long end, boolean takes) {
        TopicPartition key = partition.partition();
        long position = consumer.position(key, ONE_WAIT);
        if (position >= end) {
            return Step.END;
        }
        if (isOver.getAsBoolean()) {
            return Step.BREAK;
        }
        Step step = step(partition, position, takes);
        boolean waited = step == Step.NO_RECORD && consumer.position(key, ONE_WAIT) == position;
        waits = waited ? waits + 1 : 0;
        if (waits == MOST_WAITS) {
            throw new TimeoutException("no answer from " + key + "@" + position);
        }
        return step;
    }

    /** Lets go of the record when it returns: the next one may need that memory. */
    private Step step(OwnedPartition partition, long position, boolean takes) {
        ConsumerRecords<byte[], byte[]> records;
        try {
            records = consumer.poll(ONE_WAIT);
        } catch (OutOfMemoryError tooSmall) {
            return isOfTheHeap(tooSmall) ? ranOut(partition, position) : Step.OUT_OF_MEMORY;
        } catch (KafkaException failure) {
            if (!PollRecovery.isOfARecord(failure)) {
                throw failure;
            }
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            String problem = "Kafka cannot hand the record over: " + cause.getMessage();
            return passesOver(partition, position, problem) ? Step.PASSED_OVER : Step.KEPT_BACK;
        }
        if (records.isEmpty()) {
            return Step.NO_RECORD;
        }
        if (!takes) {
            return Step.READABLE;
        }
        return taker.take(partition, records.iterator().next()) ? Step.TAKEN : Step.KEPT_BACK;
    }

    /** Neither threads nor memory outside of the heap are what a record can use up. */
    private static boolean isOfTheHeap(OutOfMemoryError error) {
        String words = error.getMessage();
        return words == null || words.contains("heap space") || words.contains("array size");
    }

    /** Blames the record only where it did not fit twice, and nothing else fills the heap. */
    private Step ranOut(OwnedPartition partition, long position) {
        // else the consumer keeps the broken fetch, with the record before, and throws something else for it next time
        consumer.assign(Set.of());
        boolean room = heap.comes();
        assign(partition, position);
        if (ranOutAt != position) {
            ranOutAt = position;
            return Step.AGAIN;
        }
        if (!room) {
            return Step.OUT_OF_MEMORY;
        }
        String problem = "the record unpacks to more than the worker's memory holds";
        return passesOver(partition, position, problem) ? Step.TOO_LARGE : Step.KEPT_BACK;
    }

    private boolean passesOver(OwnedPartition partition, long position, String problem) {
        boolean passedOver = taker.passOver(partition, position, problem);
        if (passedOver) {
            log.atWarn()
                    .addKeyValue("record", partition.partition() + "@" + position)
                    .addKeyValue("problem", problem)
                    .log("record cannot be read and is passed over");
            consumer.seek(partition.partition(), position + 1);
        }
        return passedOver;
    }

    private void assign(OwnedPartition partition, long position) {
        TopicPartition key = partition.partition();
        consumer.assign(Set.of(key));
        consumer.seek(key, position);
    }
}
