package dev.sluice.worker.settle;

import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.OffsetLedger;
import dev.sluice.worker.intake.Ownership;
import dev.sluice.worker.intake.ReplyTopics;
import dev.sluice.worker.outcome.Outcome;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits outcomes together with the offsets of their records. One thread runs it and owns the accounts and the
 * transactions; all other methods send that thread a message, in order, and may be called from any.
 *
 * <p>What arrives while a transaction is under way makes the next one, so that an idle queue answers at once and a busy
 * one batches by itself. Outcomes stay here until they are committed: an aborted transaction is sent again, and the API
 * is not called again.
 */
public final class Settle implements OffsetLedger, Runnable {
    /** How often offsets are committed that moved without an outcome, past transaction markers. */
    private static final long POSITIONS_EVERY = Duration.ofSeconds(1).toNanos();

    private static final long PAUSE_AFTER_ABORT = Duration.ofMillis(100).toNanos();
    private static final long MAX_IDLE_MILLIS = 50;
    /** The shortest time between two snapshots of the partitions, so that a busy loop does not pay for one per round. */
    private static final long SNAPSHOT_NANOS = Duration.ofMillis(100).toNanos();

    private static final Logger log = LoggerFactory.getLogger(Settle.class);

    private final AtomicReference<Ownership> ownership;
    private final Transactions transactions;
    private final Clock clock;
    private final LongSupplier nanoTime;
    private final SettleListener listener;
    private final Runnable cameRound;
    private final BlockingQueue<Runnable> inbox = new LinkedBlockingQueue<>();
    private final PartitionWindows accounts = new PartitionWindows();
    private final PendingSettlements unsettled;
    /** Those whose turn has come. */
    private final List<CompletableFuture<Void>> flushes = new ArrayList<>();
    /** All that are not done, of any thread. */
    private final Set<CompletableFuture<Void>> open = ConcurrentHashMap.newKeySet();

    private volatile List<PartitionState> partitionStates = List.of();
    private long snapshotAt;
    private volatile int unwritableReplies;
    private volatile boolean ended;
    private long positionsAt;
    private long retryAt;
    private volatile boolean stopped;

    /**
     * @param ownership published by the poll thread
     * @param width looks up the number of a topic's partitions, 0 where there is no such topic
     * @param clock tells when an outcome was known
     * @param nanoTime a monotonic clock for all waits: one that can be set would prolong them by as much
     * @param listener told what is committed
     * @param cameRound told again and again that the thread does not hang; as are the transactions
     */
    public Settle(
            AtomicReference<Ownership> ownership,
            ReplyTopics replyTopics,
            Function<String, CompletableFuture<Integer>> width,
            Transactions transactions,
            Clock clock,
            LongSupplier nanoTime,
            SettleListener listener,
            Runnable cameRound) {
        this.ownership = ownership;
        this.unsettled = new PendingSettlements(
                new ReplyRoutes(replyTopics, width), new OutputRecords(replyTopics.topics()), nanoTime);
        this.transactions = transactions;
        this.clock = clock;
        this.nanoTime = nanoTime;
        this.listener = listener;
        this.cameRound = cameRound;
        this.positionsAt = nanoTime.getAsLong();
        this.retryAt = positionsAt;
        this.snapshotAt = positionsAt;
    }

    /** What became of a record that was registered before. */
    public void accept(InputRecord envelope, Outcome outcome) {
        Settlement settlement = new Settlement(envelope, outcome, Settlement.Form.AS_ASKED, clock.millis());
        unsettled.count(settlement);
        inbox.add(() -> unsettled.add(settlement));
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
                    .log("offset metadata of another tool is ignored");
        }
        AckRuns done = decoded instanceof AckRuns.Runs runs ? runs.runs() : AckRuns.NONE;
        inbox.add(() -> accounts.open(new PartitionWindow(assignment, new AckWindow(position, done))));
        return new Opening.Ready(done::contains);
    }

    @Override
    public void register(Assignment assignment, Collection<InputRecord> envelopes) {
        accounts.count(envelopes);
        inbox.add(() -> envelopes.forEach(accounts.of(assignment)::register));
    }

    @Override
    public void reached(Assignment assignment, long position) {
        inbox.add(() -> accounts.of(assignment).window().reachedPosition(position));
    }

    @Override
    public long registerLimit(Assignment assignment) {
        return accounts.registerLimit(assignment);
    }

    @Override
    public int openRecords() {
        return accounts.openRecords();
    }

    @Override
    public long openBytes() {
        return accounts.openBytes() + answerBytes();
    }

    /** What the answers take that wait for their commit. Any thread. */
    public long answerBytes() {
        return unsettled.answerBytes();
    }

    /** How many replies wait for a partition of a reply topic that cannot be written to. Any thread. */
    public int unwritableReplies() {
        return unwritableReplies;
    }

    @Override
    public CompletableFuture<Void> flush() {
        CompletableFuture<Void> flushed = new CompletableFuture<>();
        open.add(flushed);
        inbox.add(() -> {
            flushes.add(flushed);
            positionsAt = nanoTime.getAsLong();
        });
        if (ended) {
            cancelFlushes();
        }
        return flushed;
    }

    @Override
    public void close(Set<Assignment> gone) {
        inbox.add(() -> accounts.close(gone));
    }

    /**
     * Returns the latest snapshot of all assigned partitions without waiting. Any thread may call this.
     *
     * <p>The settle thread replaces the snapshot about ten times a second. It keeps the last one while it waits for the
     * broker and after it has ended.
     */
    public List<PartitionState> partitionStates() {
        return partitionStates;
    }

    /** All partitions that have an account, as they are when the thread gets to it; never where it has ended. */
    public CompletableFuture<List<PartitionState>> partitions() {
        CompletableFuture<List<PartitionState>> states = new CompletableFuture<>();
        inbox.add(() -> {
            try {
                states.complete(accounts.states());
            } catch (RuntimeException defect) {
                // the asker's affair: the thread has more to do than to tell
                states.completeExceptionally(defect);
            }
        });
        return states;
    }

    /** Ends {@link #run} soon; what is not committed by then stays open and is called again by the next owner. */
    public void stop() {
        stopped = true;
        transactions.stop();
    }

    /** Runs until {@link #stop}. Throws what cannot be recovered from. */
    @Override
    public void run() {
        try {
            transactions.replace();
            while (!stopped) {
                cameRound.run();
                Runnable message = inbox.poll(MAX_IDLE_MILLIS, TimeUnit.MILLISECONDS);
                // what comes until then goes, too
                transactions.awaitMarkers();
                for (Runnable next = message; next != null; next = inbox.poll()) {
                    next.run();
                }
                publishSnapshot();
                commit();
                unwritableReplies = unsettled.unwritable();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } finally {
            ended = true;
            cancelFlushes();
            transactions.close();
        }
    }

    /** Publishes what the partitions hold now, before a commit may keep the thread busy. */
    private void publishSnapshot() {
        long now = nanoTime.getAsLong();
        if (now - snapshotAt >= 0) {
            partitionStates = accounts.states();
            snapshotAt = now + SNAPSHOT_NANOS;
        }
    }

    private void cancelFlushes() {
        open.forEach(flush -> flush.cancel(false));
        open.clear();
    }

    /** Commits everything that can be; what is left afterwards is tried again a little later. */
    private void commit() {
        long now = nanoTime.getAsLong();
        if (now - retryAt < 0) {
            return;
        }
        boolean positions = now - positionsAt >= 0;
        Round round;
        do {
            transactions.awaitMarkers();
            Ownership owned = ownership.get();
            unsettled.keep(owned);
            round = commitSome(owned, positions);
        } while (round == Round.GOES_ON);
        if (round == Round.ABORTED) {
            retryAt = nanoTime.getAsLong() + PAUSE_AFTER_ABORT;
            return;
        }
        if (positions) {
            positionsAt = nanoTime.getAsLong() + POSITIONS_EVERY;
        }
        if (!unsettled.isWaitedFor()) {
            flushes.forEach(flushed -> flushed.complete(null));
            open.removeIf(CompletableFuture::isDone);
            flushes.clear();
        }
    }

    /** They are on Kafka and off our books, whatever a listener makes of it. */
    private void tell(List<Settlement> settlements) {
        try {
            settlements.forEach(done -> listener.committed(done.envelope(), done.outcome(), done.endedAt()));
        } catch (RuntimeException defect) {
            log.atError().setCause(defect).log("what was committed could not be reported");
        }
    }

    /** How an attempt to commit ended. */
    private enum Round {
        /** Something was committed, or will be in another form or company. */
        GOES_ON,
        /** There was nothing that could be. */
        RESTS,
        /** Trying again at once would not help. */
        ABORTED
    }

    /** One transaction, if there is anything to commit. */
    private Round commitSome(Ownership owned, boolean positions) {
        List<PendingSettlements.Routed> chosen = unsettled.take();
        List<Settlement> settlements =
                chosen.stream().map(PendingSettlements.Routed::settlement).toList();
        Map<PartitionWindow, AckWindow.Snapshot> staged = accounts.stage(settlements, owned, positions);
        if (staged.isEmpty()) {
            return Round.RESTS;
        }
        List<List<ProducerRecord<byte[], byte[]>>> records =
                chosen.stream().map(PendingSettlements.Routed::records).toList();
        long begun = nanoTime.getAsLong();
        TransactionResult result =
                transactions.run(new TransactionBatch(records, TransactionBatch.offsets(staged), owned.metadata()));
        listener.transactionEnded(result.committed(), nanoTime.getAsLong() - begun);
        if (result.committed()) {
            staged.forEach((account, snapshot) -> account.window().commit(snapshot));
            settlements.forEach(accounts::settled);
            unsettled.committed(settlements);
            tell(settlements);
            return Round.GOES_ON;
        }
        staged.forEach((account, snapshot) -> account.window().abort(snapshot));
        return unsettled.putBack(settlements, result) ? Round.GOES_ON : Round.ABORTED;
    }
}
