package dev.sluice.worker.intake;

import dev.sluice.wire.Topics;
import dev.sluice.worker.threads.WorkerException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.jspecify.annotations.Nullable;

/**
 * Runs the poll loop, which opens partitions, pauses, polls and dispatches records. The thread that runs it is the sole
 * owner of the consumer.
 */
public final class Intake implements Runnable {
    // the longest time without a look at the pauses
    private static final long MAX_POLL_MILLIS = 50;

    private static final long POSITION_REPORT_MILLIS = 200;

    private final Consumer<byte[], byte[]> consumer;
    private final Topics topics;
    private final Clock clock;
    private final AtomicReference<Ownership> ownership;
    private final RequestSink sink;
    private final PollRecovery recovery;
    private final OwnedPartitions partitions;
    private final ReadAhead readAhead;
    private final PlacementRule placement;
    private final OverflowPartitions overflow;
    private final BacklogScout scout;
    private final OverflowEnds overflowEnds;
    private final DueGate dueGate;
    private final RebalanceHandler rebalanceHandler;
    private final PositionReporter positions;
    private final DeletedRequests deleted;
    private final PartitionOpener opener;
    private final PauseControl pauses;
    private final RecordDispatcher dispatcher;
    private final Runnable heartbeat;
    private final PollPace pollPace = new PollPace(System.nanoTime());
    private final CompletableFuture<Void> drained = new CompletableFuture<>();
    private volatile boolean draining;
    private volatile boolean stopped;
    private volatile List<String> refusals = List.of();
    private volatile int delayed;
    private volatile long inOverflow;
    private volatile long readAt;
    private long positionsReportedAt;

    /** The OutOfMemoryError of the last poll, kept until it has been diagnosed. Nothing is read until then. */
    private @Nullable OutOfMemoryError undiagnosed;

    /**
     * The bounds of the records in memory.
     *
     * @param readyRecords the maximum number of requests that are due and not yet ended; a quarter as many may come to
     *     them for each other {@link TrafficClass}
     * @param readyBytes the maximum bytes of these records; a quarter as much may come to them for each other class
     * @param delayedRecords the maximum number of records that wait until they are due; one flow has half of them
     * @param requestBytes the largest body that is parsed
     * @param drainTimeout how long the calls under way may take to end when partitions are revoked
     */
    public record Bounds(
            int readyRecords, long readyBytes, int delayedRecords, int requestBytes, Duration drainTimeout) {}

    /**
     * @param recovery reads past records that make poll fail; used by this intake only
     * @param scouts builds a consumer outside of the group that reads uncommitted records as well
     * @param heartbeat called once per loop iteration
     */
    public Intake(
            Consumer<byte[], byte[]> consumer,
            PollRecovery recovery,
            Supplier<Consumer<byte[], byte[]>> scouts,
            Topics topics,
            Bounds bounds,
            Clock clock,
            ReplyTopics replyTopics,
            AtomicReference<Ownership> ownership,
            RequestSink sink,
            OffsetLedger ledger,
            Runnable heartbeat) {
        this.consumer = consumer;
        this.topics = topics;
        this.clock = clock;
        this.ownership = ownership;
        this.sink = sink;
        this.recovery = recovery;
        this.partitions = new OwnedPartitions(topics);
        this.readAhead = new ReadAhead(bounds, ledger::answerBytes);
        ledger.onClosed(readAhead::remove);
        this.overflow = new OverflowPartitions(topics, partitions);
        this.placement = new PlacementRule(topics, readAhead, overflow, clock);
        this.dueGate = new DueGate(readAhead);
        this.rebalanceHandler = new RebalanceHandler(
                consumer, topics, ownership, partitions, dueGate, sink, ledger, bounds.drainTimeout());
        this.positions = new PositionReporter(consumer, partitions, ledger);
        this.deleted = new DeletedRequests(consumer, partitions, positions);
        this.opener = new PartitionOpener(consumer, partitions, ledger, sink::offsetsUnavailable);
        this.pauses = new PauseControl(consumer, partitions, ledger, readAhead, placement);
        RequestReader reader = new RequestReader(topics, bounds.requestBytes(), replyTopics, clock);
        this.scout = new BacklogScout(scouts, reader, partitions);
        this.overflowEnds = new OverflowEnds(overflow, scout);
        this.dispatcher = new RecordDispatcher(
                consumer,
                positions,
                reader,
                readAhead,
                placement,
                overflow,
                dueGate,
                sink,
                ledger,
                clock,
                () -> draining);
        this.heartbeat = heartbeat;
        this.readAt = clock.millis();
    }

    /**
     * Reads until {@link #stop} and then leaves the group. Throws an exception that the consumer cannot recover from.
     */
    @Override
    public void run() {
        consumer.subscribe(topics.inputs(), rebalanceHandler);
        try (consumer;
                scout) {
            loop();
        } catch (FencedInstanceIdException fenced) {
            throw WorkerException.sameInstanceId(fenced);
        }
    }

    /**
     * Stops reading records. Polling goes on, so that requests under way can still be committed. Any thread may call
     * it.
     *
     * @return completes when no more records will be handed to the sink
     */
    public CompletableFuture<Void> drain() {
        draining = true;
        return drained;
    }

    /** Returns the number of requests that wait in memory until they are due. Any thread may call it. */
    public int delayed() {
        return delayed;
    }

    /**
     * Returns the number of requests, at most, that wait in the overflow partitions of this worker. Any thread may call
     * it.
     */
    public long inOverflow() {
        return inOverflow;
    }

    /** Returns for how long no new requests have been read; zero if some partition is read. Any thread may call it. */
    public Duration pausedFor() {
        return Duration.ofMillis(Math.max(0, clock.millis() - readAt));
    }

    /** Returns the number of requests, at most, that Kafka has deleted unread. Any thread may call it. */
    public long deletedUnread() {
        return deleted.count();
    }

    /** Returns a sentence for each partition that must not be read. Any thread may call it. */
    public List<String> refusals() {
        return refusals;
    }

    /** Ends {@link #run} soon. Any thread may call it. */
    public void stop() {
        stopped = true;
    }

    private void loop() {
        try {
            while (!stopped) {
                if (draining) {
                    drained.complete(null);
                }
                iterate();
            }
        } catch (AuthorizationException denied) {
            rebalanceHandler.commitsDenied();
            throw denied;
        }
    }

    private void iterate() {
        heartbeat.run();
        long early = pollPace.nanosToNext(System.nanoTime());
        if (early > 0) {
            LockSupport.parkNanos(early);
        }
        inRange(opener::openAssigned);
        overflowEnds.ask(clock.millis());
        diagnoseOutOfMemory();
        refusals = partitions.refusals();
        long now = clock.millis();
        if (!pauses.pauseAndResume(draining || stopped || undiagnosed != null, now)) {
            readAt = now;
        }
        boolean isLooking = !draining && scout.look(inNeedOfScout());
        ConsumerRecords<byte[], byte[]> records = poll(isLooking ? 0 : pollMillis());
        pollPace.polled(records.count(), partitions.all().size(), readAhead.hasEnough(), System.nanoTime());
        for (TopicPartition partition : records.partitions()) {
            dispatcher.dispatch(partitions.get(partition), records.records(partition));
        }
        reportPositions();
        if (!draining) {
            dueGate.release(
                    clock.millis(),
                    request -> dispatcher.dispatchDue(
                            partitions.get(request.assignment().partition()), request));
        }
        delayed = dueGate.records();
    }

    private List<OwnedPartition> inNeedOfScout() {
        return partitions.open().stream().filter(placement::isInNeedOfScout).toList();
    }

    private ConsumerRecords<byte[], byte[]> poll(long millis) {
        try {
            return consumer.poll(Duration.ofMillis(millis));
        } catch (OutOfMemoryError failure) {
            if (undiagnosed != null || !isOutsideOfRebalance()) {
                throw failure;
            }
            undiagnosed = failure;
            // The consumer has half read what it fetched. It would go on behind the record that it was about to copy,
            // and it keeps its buffers unless it unsubscribes.
            consumer.unsubscribe();
            consumer.subscribe(topics.inputs(), rebalanceHandler);
        } catch (OffsetOutOfRangeException outOfRange) {
            deleted.skip(outOfRange);
        } catch (KafkaException failure) {
            if (!isOutsideOfRebalance() || !recover(failure)) {
                throw failure;
            }
        }
        return ConsumerRecords.empty();
    }

    /** If this returns false, the exception came from a rebalance callback, not from a record. */
    private boolean isOutsideOfRebalance() {
        return consumer.assignment().equals(ownership.get().assignments().keySet());
    }

    /** Runs after the consumer has dropped its buffers, so a record that still does not fit is itself too large. */
    private void diagnoseOutOfMemory() {
        OutOfMemoryError failure = undiagnosed;
        if (failure != null && opener.isComplete()) {
            undiagnosed = null;
            if (!recover(failure)) {
                throw failure;
            }
        }
    }

    private boolean recover(Throwable failure) {
        boolean recovered = recovery.recover(failure, partitions.open(), new FromRecovery());
        for (OwnedPartition partition : partitions.open()) {
            consumer.seek(partition.partition(), partition.position());
        }
        return recovered;
    }

    private long pollMillis() {
        long now = clock.millis();
        long most = isQuiet() ? POSITION_REPORT_MILLIS : MAX_POLL_MILLIS;
        // no request leaves the gate while intake drains, even if it is due
        long wait = draining ? MAX_POLL_MILLIS : dueGate.millisToNext(now, most);
        for (OwnedPartition partition : partitions.all()) {
            if (partition.resumesAt() > now) {
                wait = Math.min(wait, partition.resumesAt() - now);
            }
        }
        return wait;
    }

    /**
     * Returns true if only a record can change what has to be done, and would end a poll. It is false before there are
     * partitions, since these are opened when a poll has ended.
     */
    private boolean isQuiet() {
        return !partitions.all().isEmpty()
                && readAhead.isEmpty()
                && consumer.paused().isEmpty();
    }

    private void reportPositions() {
        long now = clock.millis();
        if (now - positionsReportedAt >= POSITION_REPORT_MILLIS) {
            positionsReportedAt = now;
            rebalanceHandler.shareIfWider();
            inRange(positions::report);
            overflow.recountWhereNothingComes(consumer.paused(), now);
            inOverflow = overflow.size();
            sink.reads(
                    partitions.open().stream().map(OwnedPartition::assignment).collect(Collectors.toSet()));
        }
    }

    /** Runs what asks for positions. Kafka's consumer tells of any partition then what poll would throw next. */
    private void inRange(Runnable asksForPositions) {
        try {
            asksForPositions.run();
        } catch (OffsetOutOfRangeException outOfRange) {
            deleted.skip(outOfRange);
        }
    }

    /** Dispatches the records that recovery has read like those that poll returns. */
    private final class FromRecovery implements PollRecovery.Taker {
        @Override
        public boolean take(OwnedPartition partition, ConsumerRecord<byte[], byte[]> record) {
            heartbeat.run();
            if (readAhead.isFull(partition.assignment().trafficClass())) {
                return false;
            }
            dispatcher.dispatch(partition, List.of(record));
            return partition.position() > record.offset();
        }

        @Override
        public boolean skip(OwnedPartition partition, long offset, String problem) {
            heartbeat.run();
            return dispatcher.skip(partition, offset, problem);
        }

        @Override
        public boolean ends() {
            return draining || stopped;
        }
    }
}
