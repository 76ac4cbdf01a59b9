package dev.sluice.worker.settle;

import dev.sluice.wire.Reason;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Envelope;
import dev.sluice.worker.intake.Ledger;
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
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.ToIntFunction;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
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
public final class Settle implements Ledger, Runnable {
    private static final int MAX_SETTLEMENTS = 1_000;
    private static final long MAX_BYTES = 16L << 20;
    /** How often offsets are committed that moved without an outcome, past transaction markers. */
    private static final long POSITIONS_EVERY = Duration.ofSeconds(1).toMillis();

    private static final long PAUSE_AFTER_ABORT = Duration.ofMillis(100).toMillis();
    private static final long MAX_IDLE_MILLIS = 50;

    private static final Logger log = LoggerFactory.getLogger(Settle.class);

    private final AtomicReference<Ownership> ownership;
    private final Publications publications;
    private final ReplyRoutes routes;
    private final Transactions transactions;
    private final Clock clock;
    private final BlockingQueue<Runnable> inbox = new LinkedBlockingQueue<>();
    private final Accounts accounts = new Accounts();
    private final List<Settlement> pending = new ArrayList<>();
    private final List<CompletableFuture<Void>> flushes = new ArrayList<>();
    private long positionsAt;
    private long retryAt;
    private volatile boolean stopped;

    /**
     * @param ownership published by the poll thread
     * @param width the number of a topic's partitions, 0 where there is no such topic
     */
    public Settle(
            AtomicReference<Ownership> ownership,
            ReplyTopics replyTopics,
            ToIntFunction<String> width,
            Transactions transactions,
            Clock clock) {
        this.ownership = ownership;
        this.publications = new Publications(replyTopics.topics());
        this.routes = new ReplyRoutes(replyTopics, width);
        this.transactions = transactions;
        this.clock = clock;
    }

    /** What became of a record that was registered before. */
    public void accept(Envelope envelope, Outcome outcome) {
        Settlement settlement = new Settlement(envelope, outcome, Settlement.Form.AS_ASKED, clock.millis());
        inbox.add(() -> pending.add(settlement));
    }

    @Override
    public Opening open(Assignment assignment, long position, Optional<OffsetAndMetadata> committed) {
        AckRuns.Decoded decoded =
                AckRuns.decode(committed.map(OffsetAndMetadata::metadata).orElse(""), position);
        Optional<Opening> refused = Account.problem(decoded).map(Opening.Refused::new);
        if (refused.isPresent()) {
            return refused.get();
        }
        if (decoded instanceof AckRuns.Foreign) {
            log.atWarn()
                    .addKeyValue("partition", assignment.partition())
                    .log("offset metadata of another tool is ignored");
        }
        AckRuns done = decoded instanceof AckRuns.Runs runs ? runs.runs() : AckRuns.NONE;
        inbox.add(() -> accounts.open(new Account(assignment, new AckWindow(position, done))));
        return new Opening.Ready(done::contains);
    }

    @Override
    public void register(Assignment assignment, Collection<Envelope> envelopes) {
        accounts.count(envelopes);
        inbox.add(() -> envelopes.forEach(accounts.of(assignment)::register));
    }

    @Override
    public void reached(Assignment assignment, long position) {
        inbox.add(() -> accounts.of(assignment).window().reachedPosition(position));
    }

    @Override
    public long registerLimit(TopicPartition partition) {
        return accounts.registerLimit(partition);
    }

    @Override
    public int openRecords() {
        return accounts.openRecords();
    }

    @Override
    public long openBytes() {
        return accounts.openBytes();
    }

    @Override
    public CompletableFuture<Void> flush() {
        CompletableFuture<Void> flushed = new CompletableFuture<>();
        inbox.add(() -> {
            flushes.add(flushed);
            positionsAt = 0;
        });
        return flushed;
    }

    @Override
    public void close(Set<Assignment> gone) {
        inbox.add(() -> accounts.close(gone));
    }

    /** Ends {@link #run} soon; what is not committed by then stays open and is called again by the next owner. */
    public void stop() {
        stopped = true;
        transactions.stop();
    }

    /** Runs until {@link #stop}. Throws what cannot be recovered from. */
    @Override
    public void run() {
        transactions.replace();
        try {
            while (!stopped) {
                Runnable message = inbox.poll(MAX_IDLE_MILLIS, TimeUnit.MILLISECONDS);
                for (Runnable next = message; next != null; next = inbox.poll()) {
                    next.run();
                }
                commit();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } finally {
            transactions.close();
        }
    }

    /** Commits everything that is pending; what is not committed afterwards is tried again a little later. */
    private void commit() {
        if (clock.millis() < retryAt) {
            return;
        }
        boolean positions = clock.millis() >= positionsAt;
        do {
            Ownership owned = ownership.get();
            pending.removeIf(settlement -> !owned.holds(settlement.envelope().assignment()));
            if (!commitsSome(owned, positions)) {
                retryAt = clock.millis() + PAUSE_AFTER_ABORT;
                return;
            }
        } while (!pending.isEmpty());
        if (positions) {
            positionsAt = clock.millis() + POSITIONS_EVERY;
        }
        flushes.forEach(flushed -> flushed.complete(null));
        flushes.clear();
    }

    private boolean commitsSome(Ownership owned, boolean positions) {
        try {
            return commitSome(owned, positions);
        } catch (RetriableException unavailable) {
            log.atWarn().addKeyValue("error", unavailable.toString()).log("reply topics cannot be looked up");
            return false;
        }
    }

    /** One transaction, if there is anything to commit; false where it was aborted. */
    private boolean commitSome(Ownership owned, boolean positions) {
        List<Settlement> chosen = pending.subList(0, fitting());
        List<List<ProducerRecord<byte[], byte[]>>> records = new ArrayList<>(chosen.size());
        chosen.replaceAll(settlement -> routed(settlement, records));
        Map<Account, AckWindow.Snapshot> staged = accounts.stage(chosen, owned, positions);
        if (staged.isEmpty()) {
            return true;
        }
        TransactionResult result = transactions.run(new Batch(records, Batch.offsets(staged), owned.metadata()));
        if (result.committed()) {
            staged.forEach((account, snapshot) -> account.window().commit(snapshot));
            chosen.forEach(accounts::settled);
            chosen.clear();
        } else {
            staged.forEach((account, snapshot) -> account.window().abort(snapshot));
            result.culprits().forEach((index, refusal) -> refuse(chosen, index, refusal));
        }
        return result.committed() || !result.culprits().isEmpty();
    }

    /** How many of those pending go into one transaction: at least one, however large it is. */
    private int fitting() {
        int count = 0;
        long bytes = 0;
        while (count < Math.min(pending.size(), MAX_SETTLEMENTS) && bytes < MAX_BYTES) {
            bytes += pending.get(count++).weight();
        }
        return count;
    }

    /** Adds the records of a settlement, which becomes a dead letter where its reply cannot go where it is wanted. */
    private Settlement routed(Settlement settlement, List<List<ProducerRecord<byte[], byte[]>>> records) {
        Route route = routes.of(settlement, clock.millis());
        boolean refused = route.problem() != null && settlement.outcome() instanceof Outcome.Reply;
        Settlement routed = refused
                ? settlement.dead(Reason.REPLY_TOPIC_REFUSED, route.problem(), Settlement.Form.OWN_REPLY_TOPIC)
                : settlement;
        records.add(publications.of(routed, route));
        return routed;
    }

    private static void refuse(List<Settlement> chosen, int index, Exception refusal) {
        Settlement refused = chosen.get(index);
        log.atWarn()
                .addKeyValue("id", refused.envelope().id())
                .addKeyValue("record", refused.envelope())
                .addKeyValue("error", refusal.getClass().getSimpleName())
                .log("Kafka takes no record of this request as it is");
        chosen.set(index, refused.afterRefusal(refusal));
    }
}
