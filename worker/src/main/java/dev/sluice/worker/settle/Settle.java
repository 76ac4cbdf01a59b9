package dev.sluice.worker.settle;

import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.OffsetLedger;
import dev.sluice.worker.intake.Ownership;
import dev.sluice.worker.intake.ReplyTopics;
import dev.sluice.worker.kafka.TopicLookUp;
import dev.sluice.worker.outcome.Outcome;
import dev.sluice.worker.text.Durations;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits outcomes together with the offsets of their records. The settle thread runs it and owns the windows and the
 * transactions. All other methods may be called from any thread. They send the settle thread a message, in order, or
 * read what it has published.
 *
 * <p>Outcomes that arrive during a transaction make the next one. So an idle queue answers at once, and a busy one
 * batches by itself. Outcomes stay here until they are committed. An aborted transaction is sent again without calling
 * the API again.
 */
public final class Settle implements OffsetLedger, Runnable {
    private static final long MAX_IDLE_MILLIS = 50;
    /** Shortest time between two snapshots of the partitions, so that a busy loop does not make one per iteration. */
    private static final long SNAPSHOT_INTERVAL_NANOS = Duration.ofMillis(100).toNanos();

    private static final Logger log = LoggerFactory.getLogger(Settle.class);

    private final Transactions transactions;
    private final Clock clock;
    private final LongSupplier nanoTime;
    private final Runnable heartbeat;
    private final BlockingQueue<Runnable> inbox = new LinkedBlockingQueue<>();
    private final PartitionWindows windows = new PartitionWindows();
    private final PendingSettlements pending;
    private final FlushRequests flushes = new FlushRequests();
    private final BatchCommitter committer;
    private final CommitProgress progress;
    private final AtomicBoolean stallLogged = new AtomicBoolean();

    private volatile List<PartitionState> partitionStates = List.of();
    private long snapshotAt;
    private volatile int unwritableReplies;
    private volatile List<String> unwritablePartitions = List.of();
    private volatile boolean stopped;

    /**
     * The bound on replies that wait for a partition that cannot be written to. Further ones go to the queue's own
     * reply topic.
     */
    public record WaitingReplies(int replies, long bytes) {}

    /**
     * @param ownership the ownership that the poll thread publishes
     * @param topicLookUp looks up the partitions of a topic
     * @param mostWaiting the most replies that wait for partitions that cannot be written to
     * @param clock tells when an outcome was known
     * @param nanoTime a monotonic clock for all waits. A clock that someone sets back would prolong them
     * @param listener hears what is committed
     * @param heartbeat called once per loop iteration. The transactions call it too
     */
    public Settle(
            AtomicReference<Ownership> ownership,
            ReplyTopics replyTopics,
            Function<String, CompletableFuture<TopicLookUp.Partitions>> topicLookUp,
            Transactions transactions,
            WaitingReplies mostWaiting,
            Clock clock,
            LongSupplier nanoTime,
            SettleListener listener,
            Runnable heartbeat) {
        RecordTimestamps timestamps = new RecordTimestamps(clock, transactions.brokerTime(), nanoTime);
        this.pending = new PendingSettlements(
                new ReplyRoutes(replyTopics, topicLookUp),
                new OutputRecords(replyTopics.topics(), timestamps::millis),
                timestamps::rejected,
                mostWaiting,
                nanoTime);
        this.transactions = transactions;
        this.clock = clock;
        this.nanoTime = nanoTime;
        this.heartbeat = heartbeat;
        this.snapshotAt = nanoTime.getAsLong();
        this.progress = new CommitProgress(nanoTime);
        this.committer = new BatchCommitter(ownership, windows, pending, transactions, nanoTime, listener, progress);
    }

    /** Takes the outcome of a record that was registered before. */
    public void accept(InputRecord input, Outcome outcome) {
        Settlement settlement = new Settlement(input, outcome, Settlement.Form.AS_ASKED, clock.millis());
        pending.count(settlement);
        inbox.add(() -> pending.add(settlement));
    }

    @Override
    public Opening open(Assignment assignment, long position, Optional<OffsetAndMetadata> committed) {
        AckRuns.Decoded decoded =
                AckRuns.decode(committed.map(OffsetAndMetadata::metadata).orElse(""), position);
        Optional<Opening> refused = PartitionWindow.problem(decoded).map(Opening.Refused::new);
        if (refused.isPresent()) {
            return refused.get();
        }
        if (decoded instanceof AckRuns.Foreign) {
            log.atWarn()
                    .addKeyValue("partition", assignment.partition())
                    .log("Offset metadata of another tool ignored");
        }
        AckRuns done = decoded instanceof AckRuns.Runs runs ? runs.runs() : AckRuns.NONE;
        inbox.add(() -> windows.open(new PartitionWindow(assignment, new AckWindow(position, done))));
        return new Opening.Ready(done::contains, done.end());
    }

    @Override
    public void register(Assignment assignment, Collection<InputRecord> inputs) {
        windows.count(inputs);
        inbox.add(() -> inputs.forEach(windows.of(assignment)::register));
    }

    @Override
    public void reached(Assignment assignment, long position) {
        inbox.add(() -> windows.of(assignment).ackWindow().reachedPosition(position));
    }

    @Override
    public long registerLimit(Assignment assignment) {
        return windows.registerLimit(assignment);
    }

    @Override
    public void onClosed(Consumer<InputRecord> listener) {
        windows.onClosed(listener);
    }

    /** Returns the number of records that are registered and not yet committed. */
    public int openRecords() {
        return windows.openRecords();
    }

    /** Returns the weight of these records in bytes, with the answers that wait for their commit. */
    public long openBytes() {
        return windows.openBytes() + answerBytes();
    }

    @Override
    public long answerBytes() {
        return pending.answerBytes();
    }

    /** Returns the number of replies that wait for an unavailable partition of a reply topic. */
    public int unwritableReplies() {
        return unwritableReplies;
    }

    /** Returns the number of committed replies that went to the queue's own reply topic in place of another. */
    public long redirectedReplies() {
        return committer.redirectedReplies();
    }

    /** Returns the time since Kafka last accepted a commit, or zero if nothing is open. */
    public Duration sinceCommit() {
        return openRecords() == 0 ? Duration.ZERO : Duration.ofNanos(progress.sinceProven());
    }

    /**
     * Returns whether commits get through, so that the answers of further calls would not be in memory alone. Logs when
     * that changes.
     */
    public boolean commitsGetThrough() {
        Optional<Duration> stalled = progress.stalledFor();
        if (stallLogged.compareAndSet(stalled.isEmpty(), stalled.isPresent())) {
            if (stalled.isPresent()) {
                String trouble = transactions.trouble();
                log.atWarn()
                        .addKeyValue("for", Durations.format(stalled.get()))
                        .addKeyValue("error", trouble.isEmpty() ? "no answer yet" : trouble)
                        .log("Calls do not begin because Kafka accepts no commit");
            } else {
                log.info("Calls begin again because Kafka accepts commits");
            }
        }
        return stalled.isEmpty();
    }

    /**
     * Returns a sentence that says for how long Kafka has not accepted a commit and why. It is empty while commits get
     * through or nothing waits for one.
     *
     * @param atLeast a shorter time is not worth a word
     */
    public Optional<String> stalled(Duration atLeast) {
        String trouble = transactions.trouble();
        return progress.stalledFor()
                .filter(time -> time.compareTo(atLeast) >= 0)
                .map(time -> "no calls begin: Kafka has not accepted a commit for " + time.toSeconds() + " s"
                        + (trouble.isEmpty() ? "" : " (" + trouble + ")"));
    }

    /** Returns a sentence for each partition of a foreign reply topic that cannot be written to. */
    public List<String> unwritablePartitions() {
        return unwritablePartitions;
    }

    @Override
    public CompletableFuture<Void> flush() {
        CompletableFuture<Void> flush = flushes.add();
        inbox.add(() -> {
            flushes.reached(flush);
            committer.commitPositionsNext();
        });
        return flush;
    }

    @Override
    public void close(Set<Assignment> gone) {
        inbox.add(() -> windows.close(gone));
    }

    /**
     * Returns the latest snapshot of all assigned partitions without waiting.
     *
     * <p>The settle thread replaces the snapshot about ten times a second. It keeps the last one while it waits for the
     * broker and after it has ended.
     */
    public List<PartitionState> partitionStates() {
        return partitionStates;
    }

    /** Ends {@link #run} soon. The next owner calls again what is not committed by then. */
    public void stop() {
        stopped = true;
        transactions.stop();
    }

    /** Runs until {@link #stop}. Throws failures from which it cannot recover. */
    @Override
    public void run() {
        try {
            transactions.replace();
            progress.proven();
            while (!stopped) {
                heartbeat.run();
                long idle = committer.mayHaveMore() ? 0 : MAX_IDLE_MILLIS;
                Runnable message = inbox.poll(idle, TimeUnit.MILLISECONDS);
                // messages that arrive during this wait are part of the same batch
                transactions.awaitMarkers();
                for (Runnable next = message; next != null; next = inbox.poll()) {
                    next.run();
                }
                publishSnapshot();
                if (windows.openRecords() == 0) {
                    progress.proven();
                }
                if (committer.commit(flushes.areWaiting()) && !pending.delaysFlush()) {
                    flushes.complete();
                }
                unwritableReplies = pending.waitingReplies();
                unwritablePartitions = pending.unavailablePartitions();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } finally {
            flushes.end();
            transactions.close();
        }
    }

    /** Publishes what the partitions hold now, before a commit may keep the thread busy. */
    private void publishSnapshot() {
        long now = nanoTime.getAsLong();
        if (now - snapshotAt >= 0) {
            partitionStates = windows.states();
            snapshotAt = now + SNAPSHOT_INTERVAL_NANOS;
        }
    }
}
