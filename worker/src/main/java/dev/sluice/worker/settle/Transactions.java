package dev.sluice.worker.settle;

import dev.sluice.worker.threads.WorkerException;
import dev.sluice.worker.topics.AclErrors;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The transactional producer. Every transaction here is short and only commits: it begins when everything it holds is at
 * hand. Owned by the settle thread.
 *
 * <p>A producer that can no longer be used (fenced, expired id, an abort that fails) is replaced by a new one with the
 * same transactional id, whose initialisation ends what the old one left open. Only then do committed offsets tell
 * whether a transaction of unknown end has landed.
 *
 * <p>To be fenced does not tell why: by another worker with the same instance id, by a successor that took us for dead,
 * or since a transaction took too long, as that of a suspended process does. So the id is initialised anew, which fences
 * the other one, and so on in turns: neither is to end by this. Which of two is the younger, the group knows, and it
 * refuses the offsets of the older; only that is the end.
 */
public final class Transactions implements AutoCloseable {
    private static final Duration CLOSE_BOUND = Duration.ofSeconds(5);
    private static final Duration OFFSETS_BOUND = Duration.ofSeconds(10);
    private static final long RETRY_NANOS = Duration.ofMillis(500).toNanos();
    private static final int COMMIT_TRIES = 3;

    /** An end is answered after one replicated write; the markers, and the note that they are written, take two more. */
    private static final int MARKERS_PER_END = 2;

    /** Less than what the broker waits where it meets a transaction whose markers are not written yet. */
    private static final long MOST_FOR_MARKERS = Duration.ofMillis(15).toNanos();

    /** Kafka's own words for it are that a generation id is not valid. */
    private static final String REBALANCING =
            "the group is rebalancing, so that Kafka takes no offsets from before; the transaction is tried again";

    private static final Logger log = LoggerFactory.getLogger(Transactions.class);

    private final Supplier<Producer<byte[], byte[]>> producers;
    private final Supplier<Consumer<byte[], byte[]>> offsetReaders;
    private final LongSupplier nanoTime;
    private final LongConsumer pause;
    private final Runnable stillAtIt;
    private long markersAt;
    private int failedInARow;
    private volatile boolean stopped;
    private @Nullable Producer<byte[], byte[]> producer;

    /**
     * @param producers makes a producer, always with the same transactional id
     * @param offsetReaders makes a consumer that names the group but joins it not, only to read committed offsets
     * @param stillAtIt told before everything that waits for the broker: each of these waits has a bound, but where the
     *     broker is away they follow each other for as long as that takes
     */
    public Transactions(
            Supplier<Producer<byte[], byte[]>> producers,
            Supplier<Consumer<byte[], byte[]>> offsetReaders,
            Runnable stillAtIt) {
        this(producers, offsetReaders, stillAtIt, System::nanoTime, LockSupport::parkNanos);
    }

    /** @param pause waits for so many nanoseconds */
    Transactions(
            Supplier<Producer<byte[], byte[]>> producers,
            Supplier<Consumer<byte[], byte[]>> offsetReaders,
            Runnable stillAtIt,
            LongSupplier nanoTime,
            LongConsumer pause) {
        this.producers = producers;
        this.offsetReaders = offsetReaders;
        this.nanoTime = nanoTime;
        this.pause = pause;
        this.stillAtIt = stillAtIt;
        this.markersAt = nanoTime.getAsLong();
    }

    /** What cannot be done now is not waited for any longer. Any thread. */
    void stop() {
        stopped = true;
    }

    /**
     * Waits until the markers of the last transaction are likely to be written; some milliseconds, nothing where it is
     * longer ago. Kafka answers the end of a transaction before that, and refuses what comes too early: it is tried again
     * after 20 ms, by the broker (its {@code add.partitions.to.txn.retry.backoff.ms}) or, up to Kafka 3.9, by the client.
     */
    void awaitMarkers() {
        for (long left = left(); left > 0; left = left()) {
            pause.accept(left);
        }
    }

    private long left() {
        return markersAt - nanoTime.getAsLong();
    }

    /** Puts everything on Kafka, or nothing. */
    TransactionResult run(TransactionBatch batch) {
        Producer<byte[], byte[]> current = usable();
        RejectedRecords culprits = new RejectedRecords();
        boolean committing = false;
        try {
            current.beginTransaction();
            for (int i = 0; i < batch.records().size(); i++) {
                for (ProducerRecord<byte[], byte[]> record : batch.records().get(i)) {
                    stillAtIt.run();
                    Future<?> unused = current.send(record, culprits.watch(i, record));
                    culprits.failIfOneWaitedInVain();
                }
            }
            stillAtIt.run();
            current.sendOffsetsToTransaction(batch.offsets(), batch.group());
            committing = true;
            commit(current);
            failedInARow = 0;
            return TransactionResult.COMMITTED;
        } catch (KafkaException failure) {
            return afterFailure(current, batch, culprits, committing, failure);
        }
    }

    /** A commit that timed out may be repeated; nothing else may be done with that producer. */
    private void commit(Producer<byte[], byte[]> current) {
        for (int tries = 1; ; tries++) {
            stillAtIt.run();
            long begun = nanoTime.getAsLong();
            try {
                current.commitTransaction();
                endedAfter(begun);
                return;
            } catch (TimeoutException slow) {
                if (tries == COMMIT_TRIES) {
                    throw slow;
                }
            }
        }
    }

    private void endedAfter(long begun) {
        long now = nanoTime.getAsLong();
        markersAt = now + Math.min(MARKERS_PER_END * (now - begun), MOST_FOR_MARKERS);
    }

    private TransactionResult afterFailure(
            Producer<byte[], byte[]> current,
            TransactionBatch batch,
            RejectedRecords culprits,
            boolean committing,
            KafkaException failure) {
        failedInARow++;
        // every first, second, fourth, … one: for as long as a rebalance or the broker takes, each attempt fails
        boolean rebalancing = failure instanceof CommitFailedException;
        Level level = rebalancing ? Level.INFO : Level.WARN;
        log.atLevel(Integer.bitCount(failedInARow) == 1 ? level : Level.DEBUG)
                .addKeyValue(
                        "error", AclErrors.words(failure, AclErrors.Right.WRITE).orElseGet(failure::toString))
                .addKeyValue("records", batch.records().size())
                .addKeyValue("inARow", failedInARow)
                .log(rebalancing ? REBALANCING : "transaction failed; it is tried again");
        log.debug("transaction failed", failure);
        Optional<RuntimeException> unusable = abort(current);
        if (failure instanceof FencedInstanceIdException) {
            throw WorkerException.sameInstanceId(failure);
        }
        if (unusable.isEmpty()) {
            return new TransactionResult(false, culprits.found(), culprits.undelivered());
        }
        replace();
        return committing && landed(batch.offsets()) ? TransactionResult.COMMITTED : TransactionResult.ABORTED;
    }

    /** Why the producer cannot abort and has to be replaced; empty where it has. */
    private Optional<RuntimeException> abort(Producer<byte[], byte[]> current) {
        stillAtIt.run();
        long begun = nanoTime.getAsLong();
        try {
            current.abortTransaction();
            endedAfter(begun);
            return Optional.empty();
        } catch (KafkaException | IllegalStateException unusable) {
            log.atDebug().setCause(unusable).log("producer cannot abort; it is replaced");
            return Optional.of(unusable);
        }
    }

    /** Whether these offsets were committed. No answer means unknown, so it is asked until there is one. */
    private boolean landed(Map<TopicPartition, OffsetAndMetadata> offsets) {
        while (true) {
            stillAtIt.run();
            try (Consumer<byte[], byte[]> reader = offsetReaders.get()) {
                return DoneOffsets.landed(offsets, reader.committed(offsets.keySet(), OFFSETS_BOUND));
            } catch (KafkaException unknown) {
                pauseAfter(unknown, "committed offsets cannot be read");
            }
        }
    }

    private Producer<byte[], byte[]> usable() {
        if (producer == null) {
            replace();
        }
        return Objects.requireNonNull(producer);
    }

    /** Makes a new producer, and tries for as long as it takes: without one nothing can end. */
    void replace() {
        while (true) {
            stillAtIt.run();
            close();
            try {
                Producer<byte[], byte[]> fresh = producers.get();
                producer = fresh;
                fresh.initTransactions();
                return;
            } catch (KafkaException unavailable) {
                pauseAfter(unavailable, "transactional producer cannot be initialised");
            }
        }
    }

    /**
     * Whether a failure goes away by itself. Where names come and go with the machines they name, the name of a broker
     * that is away cannot be resolved, and no client can be made; Kafka has no exception of its own for that.
     */
    private static boolean passes(KafkaException failure) {
        return failure instanceof RetriableException
                || failure instanceof ProducerFencedException
                || (failure.getCause() instanceof ConfigException wrong
                        && wrong.getMessage().contains(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG));
    }

    private void pauseAfter(KafkaException failure, String what) {
        if (stopped || !passes(failure)) {
            throw failure;
        }
        log.atWarn().addKeyValue("error", failure.toString()).log(what);
        pause.accept(RETRY_NANOS);
    }

    @Override
    public void close() {
        Producer<byte[], byte[]> old = producer;
        producer = null;
        if (old != null) {
            old.close(CLOSE_BOUND);
        }
    }
}
