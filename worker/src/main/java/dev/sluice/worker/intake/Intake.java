package dev.sluice.worker.intake;

import dev.sluice.wire.Topics;
import dev.sluice.worker.threads.WorkerException;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.jspecify.annotations.Nullable;

/**
 * The poll loop: has partitions opened, pauses, polls and hands over. One thread runs it and is the sole owner of the consumer.
 *
 * <p>Which partitions are paused is derived afresh in every round and never remembered: a rebalance forgets pauses.
 */
public final class Intake implements Runnable {
    /** Longest time without a look at the pauses. */
    private static final long MAX_POLL_MILLIS = 50;

    private static final long POSITIONS_EVERY_MILLIS = 200;

    private final Consumer<byte[], byte[]> consumer;
    private final Topics topics;
    private final Bounds bounds;
    private final Clock clock;
    private final AtomicReference<Ownership> ownership;
    private final RequestSink downstream;
    private final OffsetLedger ledger;
    private final PollRecovery salvage;
    private final OwnedPartitions partitions;
    private final DueGate dueGate;
    private final RebalanceHandler rebalance;
    private final PositionReporter positions;
    private final PartitionOpener openings;
    private final RecordDispatcher arrivals;
    private final Runnable cameRound;
    private final CompletableFuture<Void> quiet = new CompletableFuture<>();
    private volatile boolean draining;
    private volatile boolean stopped;
    private volatile List<String> refusals = List.of();
    private volatile int held;
    private long positionsSentAt;
    /** What poll ran out of memory with, until it is looked into: nothing is read meanwhile. */
    private @Nullable OutOfMemoryError ranOut;

    /**
     * How much may be in memory.
     *
     * @param readyRecords most records that are due and not yet ended
     * @param readyBytes their most bytes
     * @param heldRecords most records that are held until they are due
     * @param requestBytes the largest body that is parsed
     * @param drainTimeout how long the calls under way may take to end when partitions are revoked
     */
    public record Bounds(int readyRecords, long readyBytes, int heldRecords, int requestBytes, Duration drainTimeout) {}

    /**
     * @param salvage reads on where poll fails because of a record; of this intake only
     * @param cameRound told again and again that the poll thread does not hang
     */
    public Intake(
            Consumer<byte[], byte[]> consumer,
            PollRecovery salvage,
            Topics topics,
            Bounds bounds,
            Clock clock,
            ReplyTopics replyTopics,
            AtomicReference<Ownership> ownership,
            RequestSink downstream,
            OffsetLedger ledger,
            Runnable cameRound) {
        this.consumer = consumer;
        this.topics = topics;
        this.bounds = bounds;
        this.clock = clock;
        this.ownership = ownership;
        this.downstream = downstream;
        this.ledger = ledger;
        this.salvage = salvage;
        this.partitions = new OwnedPartitions(topics);
        this.dueGate = new DueGate(bounds.heldRecords(), bounds.readyBytes());
        this.rebalance = new RebalanceHandler(
                consumer, topics, ownership, partitions, dueGate, downstream, ledger, bounds.drainTimeout());
        this.positions = new PositionReporter(consumer, partitions, ledger);
        this.openings = new PartitionOpener(consumer, partitions, ledger, downstream::heldBack);
        this.arrivals = new RecordDispatcher(
                consumer,
                positions,
                new RequestReader(topics.requests(), bounds.requestBytes(), replyTopics, clock),
                dueGate,
                downstream,
                ledger,
                clock,
                () -> draining);
        this.cameRound = cameRound;
    }

    /** Reads until {@link #stop}; then leaves the group. Throws what the consumer cannot recover from. */
    @Override
    public void run() {
        consumer.subscribe(topics.inputs(), rebalance);
        try (consumer) {
            rounds();
        } catch (FencedInstanceIdException shutOut) {
            throw WorkerException.sameInstanceId(shutOut);
        }
    }

    /**
     * Reads no record from now on. Polling goes on, so that what is under way can still be committed. Any thread.
     *
     * @return completes when nothing more will be handed over
     */
    public CompletableFuture<Void> drain() {
        draining = true;
        return quiet;
    }

    /** How many requests are held in memory until they are due. Any thread. */
    public int held() {
        return held;
    }

    /** Why some partitions are not read, a sentence each. Any thread. */
    public List<String> refusals() {
        return refusals;
    }

    /** Ends {@link #run} soon. Any thread. */
    public void stop() {
        stopped = true;
    }

    private void rounds() {
        try {
            while (!stopped) {
                if (draining) {
                    quiet.complete(null);
                }
                round();
            }
        } catch (AuthorizationException denied) {
            rebalance.forbidden();
            throw denied;
        }
    }

    private void round() {
        cameRound.run();
        openings.openAssigned();
        lookIntoShortage();
        refusals = partitions.refusals();
        pauseAndResume();
        ConsumerRecords<byte[], byte[]> records = poll();
        for (TopicPartition partition : records.partitions()) {
            arrivals.take(partitions.get(partition), records.records(partition));
        }
        reportPositions();
        if (!draining) {
            dueGate.release(clock.millis(), downstream::accept);
        }
        held = dueGate.records();
    }

    private ConsumerRecords<byte[], byte[]> poll() {
        try {
            return consumer.poll(Duration.ofMillis(pollMillis()));
        } catch (OutOfMemoryError failure) {
            if (ranOut != null || !isSettled()) {
                throw failure;
            }
            ranOut = failure;
            // it has half read what it fetched, would go on behind the record it was about to copy, and keeps all of
            // that
            consumer.unsubscribe();
            consumer.subscribe(topics.inputs(), rebalance);
        } catch (KafkaException failure) {
            if (!isSettled() || !isReadOn(failure)) {
                throw failure;
            }
        }
        return ConsumerRecords.empty();
    }

    /** Where not, a rebalance callback is what has failed. */
    private boolean isSettled() {
        return consumer.assignment().equals(ownership.get().assignments().keySet());
    }

    /** With nothing in the consumer's memory: so that what does not fit now is no other's fault. */
    private void lookIntoShortage() {
        OutOfMemoryError failure = ranOut;
        if (failure != null && openings.areComplete()) {
            ranOut = null;
            if (!isReadOn(failure)) {
                throw failure;
            }
        }
    }

    private boolean isReadOn(Throwable failure) {
        boolean readsOn = salvage.readsOn(failure, partitions.open(), new FromSalvage());
        for (OwnedPartition partition : partitions.open()) {
            consumer.seek(partition.partition(), partition.position());
        }
        return readsOn;
    }

    private long pollMillis() {
        long now = clock.millis();
        // while it drains nothing leaves the gate, however long it is due
        long wait = draining ? MAX_POLL_MILLIS : dueGate.millisToNext(now, MAX_POLL_MILLIS);
        for (OwnedPartition partition : partitions.all()) {
            if (partition.resumesAt() > now) {
                wait = Math.min(wait, partition.resumesAt() - now);
            }
        }
        return wait;
    }

    private void pauseAndResume() {
        long now = clock.millis();
        boolean none = draining || stopped || ranOut != null || isFull();
        Set<TopicPartition> paused = new HashSet<>();
        for (OwnedPartition partition : partitions.all()) {
            if (none || !partition.isOpen() || waits(partition, now)) {
                paused.add(partition.partition());
            }
        }
        Set<TopicPartition> resumed = new HashSet<>(consumer.paused());
        resumed.removeAll(paused);
        paused.removeAll(consumer.paused());
        consumer.pause(paused);
        consumer.resume(resumed);
    }

    private boolean isFull() {
        return ledger.openRecords() - dueGate.records() >= bounds.readyRecords()
                || ledger.openBytes() - dueGate.bytes() >= bounds.readyBytes();
    }

    private boolean waits(OwnedPartition partition, long now) {
        return partition.resumesAt() > now || partition.position() >= ledger.registerLimit(partition.assignment());
    }

    private void reportPositions() {
        long now = clock.millis();
        if (now - positionsSentAt >= POSITIONS_EVERY_MILLIS) {
            positionsSentAt = now;
            rebalance.shareIfWider();
            positions.report();
        }
    }

    /** What was read while poll could not: the same as what it hands over. */
    private final class FromSalvage implements PollRecovery.Taker {
        @Override
        public boolean take(OwnedPartition partition, ConsumerRecord<byte[], byte[]> record) {
            cameRound.run();
            if (isFull()) {
                return false;
            }
            arrivals.take(partition, List.of(record));
            return partition.position() > record.offset();
        }

        @Override
        public boolean passOver(OwnedPartition partition, long offset, String problem) {
            cameRound.run();
            return arrivals.passOver(partition, offset, problem);
        }

        @Override
        public boolean ends() {
            return draining || stopped;
        }
    }
}
