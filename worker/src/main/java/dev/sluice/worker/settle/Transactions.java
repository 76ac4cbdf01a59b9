package dev.sluice.worker.settle;

import dev.sluice.worker.kafka.KafkaClients;
import dev.sluice.worker.text.OccasionalWarning;
import dev.sluice.worker.text.RootCause;
import dev.sluice.worker.threads.WorkerException;
import dev.sluice.worker.topics.AclErrors;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnTimeoutException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Runs transactions on the transactional producer. Each is short, since it begins only when its whole content is at
 * hand. Owned by the settle thread.
 *
 * <p>A producer that can no longer be used is replaced by a new one with the same transactional id. That happens after
 * it was fenced, after its id expired and after a failed abort. Initialising the new producer ends what the old one
 * left open. Only then do committed offsets tell whether a transaction of unknown end has landed.
 *
 * <p>Fencing has three causes that look the same. They are another worker with this instance id, a successor that took
 * this worker for dead, and a transaction of our own that timed out, as in a suspended process. Initialising the id
 * anew recovers from all three. Two live workers would fence each other in turn, and that must end neither of them.
 * The group knows which of the two is the younger and rejects the offsets of the older. Only that ends a worker.
 *
 * <p>Where a partition takes not even the end of a transaction, Kafka takes no further one with that id. Once that end
 * is decided, nothing under way can change it any more, so the worker goes on with another id.
 *
 * <p>A broker that stops or dies may forget a commit that it has confirmed a moment before. Then the abort of the next
 * transaction takes away what both have written, replies and offsets. So when a transaction has failed, and there was
 * time for an outage since the last confirmed one, the offsets of that one are looked up. Without them the worker ends:
 * whoever reads the partitions next calls the requests again.
 *
 * <p>A large answer behind a broker quota may need longer than a transaction may take. So batches as large as one that
 * timed out though it had a single settlement get more time, from a producer of their own with the same id.
 */
public final class Transactions implements AutoCloseable {
    private static final Duration CLOSE_BOUND = Duration.ofSeconds(5);
    private static final Duration OFFSETS_BOUND = Duration.ofSeconds(10);
    /** The tries to read offsets, of {@link #OFFSETS_BOUND} each, from which on more than slowness is likely. */
    private static final int HANGING_AFTER = 6;

    /**
     * The words that say what to do then. A broker that dies between the decision of a commit and its markers may never
     * write them, and Kafka answers no question about these offsets any more (KIP-664). Nobody but an operator may end
     * another's transaction.
     */
    private static final String HANGING =
            "Committed offsets could not be read for a minute. If Kafka is well otherwise, a transaction hangs there: "
                    + "kafka-transactions.sh find-hanging shows it, and abort ends it";

    private static final String LOST_COMMIT = "Kafka has lost a commit that it had confirmed, and the answers with it. "
            + "The worker ends, so that the requests are read and called again. A Kafka of one broker can do that when "
            + "it is killed";

    private static final long RETRY_NANOS = Duration.ofMillis(500).toNanos();
    /** A transaction may still be committed a little after its time, since the broker looks for late ones seldom. */
    private static final Duration GRACE = Duration.ofSeconds(5);
    /** The time that one answer may take. Readers of replies wait for as long if the worker dies meanwhile. */
    static final Duration LONG_TIME = Duration.ofMinutes(1);
    /** The size below which a batch is not late because of its size. */
    private static final long MIN_LARGE_BYTES = 1 << 20;

    /**
     * Replicated writes that follow an answered end: the markers, and the note that they are written. The answer itself
     * takes one.
     */
    private static final int WRITES_AFTER_END = 2;

    /** Bound on waiting for markers. A broker that meets a transaction without its markers waits longer than this. */
    private static final long MAX_MARKER_WAIT_NANOS = Duration.ofMillis(15).toNanos();

    /** The log message for a rebalance. Kafka's own message only says that a generation id is not valid. */
    private static final String REBALANCING =
            "Group is rebalancing and Kafka takes no offsets from before; the transaction is tried again";

    /** The time that Kafka has for the markers of a decided transaction before the worker goes on with another id. */
    private static final long ENDING_NANOS = Duration.ofSeconds(3).toNanos();

    /** The shortest outage. A broker needs longer until it is back, and markers are written long before. */
    private static final long OUTAGE_NANOS = Duration.ofSeconds(1).toNanos();

    /** The time to look up the last confirmed transaction. Nothing is committed meanwhile. */
    private static final Duration CONFIRMED_BOUND = Duration.ofSeconds(3);

    private static final Logger log = LoggerFactory.getLogger(Transactions.class);

    private final Id id;
    private final Function<Duration, Producer<byte[], byte[]>> producers;
    private final Supplier<Consumer<byte[], byte[]>> offsetReaders;
    private final LongSupplier nanoTime;
    private final LongConsumer pause;
    private final Runnable heartbeat;
    private final BrokerTime brokerTime;
    private final OccasionalWarning unread;
    private final OccasionalWarning hanging;
    private final OccasionalWarning notInitialised;
    private long markersUntil;
    private int failuresInARow;
    private Duration time = KafkaClients.TRANSACTION_TIME;
    /** The size from which a batch gets more time. */
    private long largeBytes = Long.MAX_VALUE;

    /** The offsets of the last transaction whose commit Kafka has confirmed. */
    private Map<TopicPartition, OffsetAndMetadata> confirmed = Map.of();

    private long confirmedAt;

    private volatile boolean stopped;
    private volatile String trouble = "";
    private @Nullable Producer<byte[], byte[]> producer;

    /** The transactional id that producers are made with. */
    public interface Id {
        /**
         * Returns whether the end of its last transaction is decided but not written yet. Nothing that is still under
         * way can change that end any more. False if nobody knows.
         */
        boolean isEnding();

        /** Takes another id. */
        void change();
    }

    /**
     * @param producers makes a producer whose transactions may take a given time, with the present transactional id
     * @param offsetReaders makes a consumer for committed offsets, which names the group but does not join it
     * @param heartbeat called before each wait for the broker. Each wait has a bound, but while the broker is away they
     *     follow each other without end
     */
    public Transactions(
            Id id,
            Function<Duration, Producer<byte[], byte[]>> producers,
            Supplier<Consumer<byte[], byte[]>> offsetReaders,
            Runnable heartbeat) {
        this(id, producers, offsetReaders, heartbeat, System::nanoTime, LockSupport::parkNanos);
    }

    /** @param pause waits for a number of nanoseconds */
    Transactions(
            Id id,
            Function<Duration, Producer<byte[], byte[]>> producers,
            Supplier<Consumer<byte[], byte[]>> offsetReaders,
            Runnable heartbeat,
            LongSupplier nanoTime,
            LongConsumer pause) {
        this.id = id;
        this.producers = producers;
        this.offsetReaders = offsetReaders;
        this.nanoTime = nanoTime;
        this.pause = pause;
        this.heartbeat = heartbeat;
        this.brokerTime = new BrokerTime(nanoTime);
        this.unread = new OccasionalWarning(log, nanoTime);
        this.hanging = new OccasionalWarning(log, nanoTime);
        this.notInitialised = new OccasionalWarning(log, nanoTime);
        this.markersUntil = nanoTime.getAsLong();
    }

    BrokerTime brokerTime() {
        return brokerTime;
    }

    /** Returns the last failure since the last commit; empty if there was none. Any thread may call this. */
    String trouble() {
        return trouble;
    }

    /** Ends all waiting for what cannot be done now. Any thread may call this. */
    void stop() {
        stopped = true;
    }

    /**
     * Waits until the markers of the last transaction are likely to be written. This takes a few milliseconds right
     * after its end and no time later on.
     *
     * <p>Kafka answers the end of a transaction before that and rejects a transaction that comes too early. Then 20 ms
     * pass until it is tried again. The broker does that, after its {@code add.partitions.to.txn.retry.backoff.ms}. Up
     * to Kafka 3.9 the client does it.
     */
    void awaitMarkers() {
        for (long left = markerWaitNanos(); left > 0; left = markerWaitNanos()) {
            pause.accept(left);
        }
    }

    private long markerWaitNanos() {
        return markersUntil - nanoTime.getAsLong();
    }

    /** Puts the whole batch on Kafka, or nothing of it. */
    TransactionResult run(TransactionBatch batch) {
        changeTime(batch.bytes() >= largeBytes ? LONG_TIME : KafkaClients.TRANSACTION_TIME);
        long begun = nanoTime.getAsLong();
        Producer<byte[], byte[]> current = usable();
        SendFailures failures = new SendFailures(brokerTime::accepted);
        boolean committing = false;
        try {
            current.beginTransaction();
            for (int i = 0; i < batch.records().size(); i++) {
                for (ProducerRecord<byte[], byte[]> record : batch.records().get(i)) {
                    heartbeat.run();
                    Future<?> unused = current.send(record, failures.callback(i, record));
                    failures.throwIfTimedOut();
                }
            }
            repeatedly(begun, () -> current.sendOffsetsToTransaction(batch.offsets(), batch.group()));
            committing = true;
            long commits = nanoTime.getAsLong();
            repeatedly(begun, current::commitTransaction);
            endedAfter(commits);
            succeeded(batch, begun);
            return TransactionResult.COMMITTED;
        } catch (KafkaException failure) {
            TransactionResult result = afterFailure(current, batch, failures, committing, failure);
            requireConfirmed(failure);
            return result;
        }
    }

    /** Repeats a step of the transaction that timed out. Kafka allows nothing else with that producer. */
    private void repeatedly(long begun, Runnable step) {
        while (true) {
            heartbeat.run();
            try {
                step.run();
                return;
            } catch (TimeoutException slow) {
                if (stopped || nanoTime.getAsLong() - begun >= time.plus(GRACE).toNanos()) {
                    throw slow;
                }
            }
        }
    }

    private void succeeded(TransactionBatch batch, long begun) {
        failuresInARow = 0;
        trouble = "";
        confirmed = batch.offsets();
        confirmedAt = nanoTime.getAsLong();
        boolean wasQuick = confirmedAt - begun < KafkaClients.TRANSACTION_TIME.toNanos();
        if (wasQuick && batch.bytes() >= largeBytes) {
            largeBytes = Long.MAX_VALUE;
        }
    }

    private void changeTime(Duration needed) {
        if (!needed.equals(time)) {
            time = needed;
            close();
        }
    }

    private void endedAfter(long begun) {
        long now = nanoTime.getAsLong();
        markersUntil = now + Math.min(WRITES_AFTER_END * (now - begun), MAX_MARKER_WAIT_NANOS);
    }

    private TransactionResult afterFailure(
            Producer<byte[], byte[]> current,
            TransactionBatch batch,
            SendFailures failures,
            boolean committing,
            KafkaException failure) {
        failuresInARow++;
        logFailure(failure, batch.records().size());
        Optional<RuntimeException> unusable = abort(current);
        if (failure instanceof FencedInstanceIdException) {
            throw WorkerException.sameInstanceId(failure);
        }
        boolean alone = batch.records().size() == 1;
        if (alone
                && batch.bytes() >= MIN_LARGE_BYTES
                && isLate(failure)
                && failures.failedPartitions().areNone()) {
            largeBytes = Math.min(largeBytes, batch.bytes());
        }
        if (unusable.isEmpty()) {
            if (!failures.failedPartitions().areNone()) {
                leaveUnfinished();
            }
            return new TransactionResult(
                    false, failures.rejections(alone), failures.failedPartitions(), failures.suspect());
        }
        replace();
        return committing && landed(batch.offsets()) ? TransactionResult.COMMITTED : TransactionResult.ABORTED;
    }

    /** Returns whether a transaction failed since it took too long. Kafka may fence its producer then. */
    private static boolean isLate(KafkaException failure) {
        return Stream.of(failure, failure.getCause())
                .anyMatch(cause -> cause instanceof TimeoutException
                        || cause instanceof ProducerFencedException
                        || cause instanceof InvalidProducerEpochException);
    }

    private void logFailure(KafkaException failure, int settlements) {
        // failures 1, 2, 4, 8, … are logged: during a rebalance or an outage every attempt fails
        boolean rebalancing = failure instanceof CommitFailedException;
        trouble = failure.toString();
        Level level = rebalancing ? Level.INFO : Level.WARN;
        log.atLevel(Integer.bitCount(failuresInARow) == 1 ? level : Level.DEBUG)
                .addKeyValue(
                        "error", AclErrors.words(failure, AclErrors.Right.WRITE).orElseGet(failure::toString))
                .addKeyValue("records", settlements)
                .addKeyValue("inARow", failuresInARow)
                .log(rebalancing ? REBALANCING : "Transaction failed; it is tried again");
        log.debug("Transaction failed", failure);
    }

    /** Aborts. If the producer cannot and has to be replaced, this returns why. */
    private Optional<RuntimeException> abort(Producer<byte[], byte[]> current) {
        heartbeat.run();
        long begun = nanoTime.getAsLong();
        try {
            current.abortTransaction();
            endedAfter(begun);
            return Optional.empty();
        } catch (KafkaException | IllegalStateException unusable) {
            log.atDebug().setCause(unusable).log("Producer could not abort; it is replaced");
            return Optional.of(unusable);
        }
    }

    /** Returns whether these offsets were committed. No answer means unknown, so this asks until there is one. */
    private boolean landed(Map<TopicPartition, OffsetAndMetadata> offsets) {
        for (int tries = 1; true; tries++) {
            try {
                return landed(offsets, OFFSETS_BOUND);
            } catch (KafkaException unknown) {
                if (tries < HANGING_AFTER) {
                    pauseAfter(unknown, unread, "Committed offsets could not be read");
                } else {
                    pauseAfter(unknown, hanging, HANGING);
                }
            }
        }
    }

    private boolean landed(Map<TopicPartition, OffsetAndMetadata> offsets, Duration bound) {
        heartbeat.run();
        try (Consumer<byte[], byte[]> reader = offsetReaders.get()) {
            return DoneOffsets.landed(offsets, reader.committed(offsets.keySet(), bound));
        } catch (AuthorizationException denied) {
            // whatever else this stage does needs the right to write
            String missing = AclErrors.words(denied, AclErrors.Right.READ).orElseThrow();
            throw new WorkerException(missing, denied);
        }
    }

    /**
     * Throws if Kafka does not have the offsets of the last confirmed transaction. It goes on if nobody can tell. They
     * are unreadable for as long as a transaction hangs: one of another worker, or the confirmed one itself, which the
     * next commit completes.
     */
    private void requireConfirmed(KafkaException failure) {
        if (nanoTime.getAsLong() - confirmedAt < OUTAGE_NANOS || confirmed.isEmpty()) {
            return;
        }
        try {
            if (!landed(confirmed, CONFIRMED_BOUND)) {
                throw new WorkerException(LOST_COMMIT, failure);
            }
        } catch (KafkaException unknown) {
            if (stopped || !isTransient(unknown)) {
                throw unknown;
            }
            log.atWarn()
                    .addKeyValue("error", unknown.toString())
                    .log("Offsets of the last commit could not be read; the worker goes on");
        }
    }

    private Producer<byte[], byte[]> usable() {
        if (producer == null) {
            replace();
        }
        return Objects.requireNonNull(producer);
    }

    /** Makes a new producer. This tries for as long as it takes, since nothing can end without one. */
    void replace() {
        while (true) {
            heartbeat.run();
            close();
            try {
                Producer<byte[], byte[]> fresh = producers.apply(time);
                producer = fresh;
                fresh.initTransactions();
                return;
            } catch (InvalidTxnTimeoutException forbidden) {
                if (time.equals(KafkaClients.TRANSACTION_TIME)) {
                    throw forbidden;
                }
                // The broker's transaction.max.timeout.ms is shorter.
                time = KafkaClients.TRANSACTION_TIME;
                largeBytes = Long.MAX_VALUE;
            } catch (KafkaException unavailable) {
                if (!(unavailable instanceof TimeoutException) || !leaveUnfinished()) {
                    pauseAfter(unavailable, notInitialised, "Transactional producer could not be initialised");
                }
            }
        }
    }

    /**
     * Changes the transactional id if Kafka has decided the end of the last transaction and cannot write it. Returns
     * whether it was changed.
     */
    private boolean leaveUnfinished() {
        long begun = nanoTime.getAsLong();
        while (!stopped && id.isEnding()) {
            if (nanoTime.getAsLong() - begun >= ENDING_NANOS) {
                close();
                id.change();
                log.warn("Kafka cannot end a transaction, since a partition of it takes no records; "
                        + "the worker goes on with another transactional id");
                return true;
            }
            heartbeat.run();
            pause.accept(RETRY_NANOS);
        }
        return false;
    }

    /** Returns whether a failure goes away by itself. */
    private static boolean isTransient(KafkaException failure) {
        // the last one: container names vanish with their container, so the name of a broker that is away cannot be
        // resolved and no client can be made. Kafka has no exception of its own for that
        return failure instanceof RetriableException
                || failure instanceof ProducerFencedException
                || (failure.getCause() instanceof ConfigException wrong
                        && wrong.getMessage().contains(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG));
    }

    private void pauseAfter(KafkaException failure, OccasionalWarning warning, String message) {
        if (stopped || !isTransient(failure)) {
            throw failure;
        }
        Throwable root = RootCause.of(failure);
        trouble = root == failure ? failure.toString() : failure + ": " + root.getMessage();
        warning.event().addKeyValue("error", trouble).log(message);
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
