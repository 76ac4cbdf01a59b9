package dev.sluice.worker.settle;

import dev.sluice.worker.intake.Ownership;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts pending settlements and the offsets of their records into transactions, one batch each. Owned by the settle
 * thread. Any thread may call {@link #redirectedReplies}.
 */
final class BatchCommitter {
    /** Interval for committing offsets that moved without an outcome, past transaction markers. */
    private static final long POSITIONS_INTERVAL_NANOS = Duration.ofSeconds(1).toNanos();

    private static final long PAUSE_AFTER_ABORT_NANOS = Duration.ofMillis(100).toNanos();

    private static final Logger log = LoggerFactory.getLogger(BatchCommitter.class);

    private final AtomicReference<Ownership> ownership;
    private final PartitionWindows windows;
    private final PendingSettlements pending;
    private final Transactions transactions;
    private final LongSupplier nanoTime;
    private final SettleListener listener;
    private final CommitProgress progress;
    private final AtomicLong redirectedReplies = new AtomicLong();
    private long positionsAt;
    private long retryAt;
    private boolean mayHaveMore;

    BatchCommitter(
            AtomicReference<Ownership> ownership,
            PartitionWindows windows,
            PendingSettlements pending,
            Transactions transactions,
            LongSupplier nanoTime,
            SettleListener listener,
            CommitProgress progress) {
        this.ownership = ownership;
        this.windows = windows;
        this.pending = pending;
        this.transactions = transactions;
        this.nanoTime = nanoTime;
        this.listener = listener;
        this.progress = progress;
        this.positionsAt = nanoTime.getAsLong();
        this.retryAt = positionsAt;
    }

    /** Returns the number of committed replies that were redirected to the queue's own reply topic. */
    long redirectedReplies() {
        return redirectedReplies.get();
    }

    /** Returns whether the last {@link #commit} may have left something for the next one, which may come at once. */
    boolean mayHaveMore() {
        return mayHaveMore;
    }

    /** Makes the next {@link #commit} include offsets that moved without an outcome. */
    void commitPositionsNext() {
        positionsAt = nanoTime.getAsLong();
    }

    /**
     * Commits everything that can be committed now. The rest is tried again a little later. While outcomes are expected
     * for which somebody waits, it returns after each transaction, so that these can be received.
     *
     * @param isFlush whether someone waits for all that is pending
     * @return false if transactions are aborted at present, so that everything has to wait
     */
    boolean commit(boolean isFlush) {
        long now = nanoTime.getAsLong();
        mayHaveMore = false;
        if (now - retryAt < 0) {
            return false;
        }
        boolean positions = now - positionsAt >= 0;
        Attempt attempt;
        do {
            transactions.awaitMarkers();
            Ownership owned = ownership.get();
            pending.dropStale(owned);
            attempt = commitSome(owned, positions);
            mayHaveMore = attempt == Attempt.COMMITTED && !isFlush && pending.areOthersExpected();
        } while (attempt == Attempt.CHANGED || (attempt == Attempt.COMMITTED && !mayHaveMore));
        if (attempt == Attempt.ABORTED) {
            retryAt = nanoTime.getAsLong() + PAUSE_AFTER_ABORT_NANOS;
            return false;
        }
        if (positions) {
            positionsAt = nanoTime.getAsLong() + POSITIONS_INTERVAL_NANOS;
        }
        return true;
    }

    /** The end of an attempt to commit. */
    private enum Attempt {
        /** A transaction was committed. There may be enough for another one. */
        COMMITTED,
        /** The transaction was aborted, and the next one will differ from it. Another attempt follows. */
        CHANGED,
        /** Nothing was there to commit. */
        NOTHING_TO_COMMIT,
        /** The transaction was aborted, and trying it again at once would not help. */
        ABORTED
    }

    /** Runs one transaction if there is anything to commit. */
    private Attempt commitSome(Ownership owned, boolean positions) {
        List<PendingSettlements.Routed> chosen = pending.take();
        List<Settlement> settlements =
                chosen.stream().map(PendingSettlements.Routed::settlement).toList();
        Map<PartitionWindow, AckWindow.Snapshot> staged =
                windows.stage(settlements, owned, positions, progress.needsProbe());
        if (staged.isEmpty()) {
            return Attempt.NOTHING_TO_COMMIT;
        }
        List<List<ProducerRecord<byte[], byte[]>>> records =
                chosen.stream().map(PendingSettlements.Routed::records).toList();
        long begun = nanoTime.getAsLong();
        TransactionResult result =
                transactions.run(new TransactionBatch(records, TransactionBatch.offsets(staged), owned.metadata()));
        long took = nanoTime.getAsLong() - begun;
        listener.transactionEnded(result.committed(), took);
        if (result.committed()) {
            progress.committed(took);
            staged.forEach((window, snapshot) -> window.ackWindow().commit(snapshot));
            settlements.forEach(windows::settled);
            pending.committed(settlements, took);
            redirectedReplies.addAndGet(chosen.stream()
                    .filter(PendingSettlements.Routed::redirected)
                    .count());
            report(settlements);
            return Attempt.COMMITTED;
        }
        staged.forEach((window, snapshot) -> window.ackWindow().abort(snapshot));
        return pending.putBack(settlements, result) ? Attempt.CHANGED : Attempt.ABORTED;
    }

    private void report(List<Settlement> settlements) {
        try {
            settlements.forEach(done -> listener.committed(done.input(), done.outcome(), done.endedAt()));
        } catch (RuntimeException defect) {
            // already committed: a failing listener must not undo or repeat anything
            log.atError().setCause(defect).log("Listener failed for committed outcomes");
        }
    }
}
