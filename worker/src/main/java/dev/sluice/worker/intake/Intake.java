package dev.sluice.worker.intake;

import dev.sluice.wire.Topics;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.RetriableException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The poll loop: reads, opens, pauses and hands over. One thread runs it and is the sole owner of the consumer.
 *
 * <p>Which partitions are paused is derived afresh in every round and never remembered: a rebalance forgets pauses.
 */
public final class Intake implements Runnable {
    /** Longest time without a look at the pauses. */
    private static final long MAX_POLL_MILLIS = 50;

    private static final long POSITIONS_EVERY_MILLIS = 200;
    private static final Duration QUICKLY = Duration.ofSeconds(2);
    /** For committed offsets: if they take longer, a dead worker's open transaction is what they wait for, as a rule. */
    private static final Duration UNLESS_HELD_BACK = Duration.ofMillis(500);

    private static final Logger log = LoggerFactory.getLogger(Intake.class);

    private final Consumer<byte[], byte[]> consumer;
    private final Topics topics;
    private final Bounds bounds;
    private final Clock clock;
    private final AtomicReference<Ownership> ownership;
    private final Downstream downstream;
    private final Ledger ledger;
    private final RequestReader reader;
    private final Salvage salvage;
    private final OwnedPartitions partitions;
    private final DueGate dueGate;
    private final Rebalance rebalance;
    private final Positions positions;
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
            Salvage salvage,
            Topics topics,
            Bounds bounds,
            Clock clock,
            ReplyTopics replyTopics,
            AtomicReference<Ownership> ownership,
            Downstream downstream,
            Ledger ledger,
            Runnable cameRound) {
        this.consumer = consumer;
        this.topics = topics;
        this.bounds = bounds;
        this.clock = clock;
        this.ownership = ownership;
        this.downstream = downstream;
        this.ledger = ledger;
        this.reader = new RequestReader(topics.requests(), bounds.requestBytes(), replyTopics, clock);
        this.salvage = salvage;
        this.partitions = new OwnedPartitions(topics);
        this.dueGate = new DueGate(bounds.heldRecords(), bounds.readyBytes());
        this.rebalance = new Rebalance(
                consumer, topics, ownership, partitions, dueGate, downstream, ledger, bounds.drainTimeout());
        this.positions = new Positions(consumer, partitions, ledger);
        this.cameRound = cameRound;
    }

    /** Reads until {@link #stop}; then leaves the group. Throws what the consumer cannot recover from. */
    @Override
    public void run() {
        consumer.subscribe(topics.inputs(), rebalance);
        try (consumer) {
            rounds();
        } catch (FencedInstanceIdException shutOut) {
            throw new InstanceIdClashException(shutOut);
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
        openAssigned();
        lookIntoShortage();
        refusals = partitions.refusals();
        pauseAndResume();
        ConsumerRecords<byte[], byte[]> records = poll();
        for (TopicPartition partition : records.partitions()) {
            take(partitions.get(partition), records.records(partition));
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
        if (failure != null && isOpened()) {
            ranOut = null;
            if (!isReadOn(failure)) {
                throw failure;
            }
        }
    }

    private boolean isOpened() {
        return !partitions.open().isEmpty() && partitions.awaitingOpening().isEmpty();
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

    /** Opens the accounts of newly assigned partitions: from what the group has committed, else from the beginning. */
    private void openAssigned() {
        List<OwnedPartition> waiting = partitions.awaitingOpening();
        if (waiting.isEmpty()) {
            return;
        }
        Set<TopicPartition> keys =
                waiting.stream().map(OwnedPartition::partition).collect(Collectors.toSet());
        try {
            Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(keys, UNLESS_HELD_BACK);
            for (OwnedPartition partition : waiting) {
                open(partition, Optional.ofNullable(committed.get(partition.partition())));
            }
        } catch (RetriableException notNow) {
            log.atDebug().addKeyValue("partitions", keys).log("committed offsets are not known yet");
            downstream.heldBack();
        }
    }

    private void open(OwnedPartition partition, Optional<OffsetAndMetadata> committed) {
        committed.ifPresent(offset -> consumer.seek(partition.partition(), offset.offset()));
        long position = consumer.position(partition.partition(), QUICKLY);
        partition.position(position);
        partition.opened(ledger.open(partition.assignment(), position, committed));
        if (partition.refusal() != null) {
            Positions.logRefusal(partition);
        }
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

    private void take(OwnedPartition partition, List<ConsumerRecord<byte[], byte[]>> records) {
        if (positions.isCutShort(partition, records.get(0).offset())) {
            return;
        }
        long limit = ledger.registerLimit(partition.assignment());
        List<Reading> readings = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            long leavesAt = partition.leavesAt(record.timestamp());
            if (draining || record.offset() >= limit || leavesAt > clock.millis()) {
                partition.resumeAt(leavesAt);
                consumer.seek(partition.partition(), record.offset());
                partition.position(record.offset());
                break;
            }
            partition.position(record.offset() + 1);
            if (!partition.isDone(record.offset())) {
                readings.add(reader.read(partition.assignment(), record));
            }
        }
        handOver(partition.assignment(), readings);
    }

    /** Registers before handing over: an outcome must never reach the ledger before its record. */
    private void handOver(Assignment assignment, List<Reading> readings) {
        ledger.register(assignment, readings.stream().map(Reading::envelope).toList());
        long limit = ledger.registerLimit(assignment);
        for (Reading reading : readings) {
            long room = limit - reading.envelope().offset();
            reading.to(downstream, dueGate, clock.millis(), room);
        }
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
    private final class FromSalvage implements Salvage.Taker {
        @Override
        public boolean take(OwnedPartition partition, ConsumerRecord<byte[], byte[]> record) {
            cameRound.run();
            if (isFull()) {
                return false;
            }
            Intake.this.take(partition, List.of(record));
            return partition.position() > record.offset();
        }

        @Override
        public boolean passOver(OwnedPartition partition, long offset, String problem) {
            cameRound.run();
            if (draining || offset >= ledger.registerLimit(partition.assignment())) {
                return false;
            }
            partition.position(offset + 1);
            if (!partition.isDone(offset)) {
                handOver(partition.assignment(), List.of(reader.unreadable(partition.assignment(), offset, problem)));
            }
            return true;
        }

        @Override
        public boolean ends() {
            return draining || stopped;
        }
    }
}
