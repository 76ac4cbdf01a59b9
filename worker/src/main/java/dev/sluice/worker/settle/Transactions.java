package dev.sluice.worker.settle;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The transactional producer. Every transaction here is short and only commits: it begins when everything it holds is at
 * hand. Owned by the settle thread.
 *
 * <p>A producer that can no longer be used (fenced, expired id, an abort that fails) is replaced by a new one with the
 * same transactional id, whose initialisation ends what the old one left open. Only then do committed offsets tell
 * whether a transaction of unknown end has landed.
 */
public final class Transactions implements AutoCloseable {
    private static final Duration CLOSE_BOUND = Duration.ofSeconds(5);
    private static final Duration OFFSETS_BOUND = Duration.ofSeconds(10);
    private static final long RETRY_NANOS = Duration.ofMillis(500).toNanos();
    private static final int COMMIT_TRIES = 3;

    private static final Logger log = LoggerFactory.getLogger(Transactions.class);

    private final Supplier<Producer<byte[], byte[]>> producers;
    private final Supplier<Consumer<byte[], byte[]>> offsetReaders;
    private final boolean idIsStable;
    private volatile boolean stopped;
    private @Nullable Producer<byte[], byte[]> producer;

    /**
     * @param producers makes a producer, always with the same transactional id
     * @param offsetReaders makes a consumer that names the group but joins it not, only to read committed offsets
     * @param idIsStable whether somebody else could be given our transactional id: being fenced then means they were
     */
    public Transactions(
            Supplier<Producer<byte[], byte[]>> producers,
            Supplier<Consumer<byte[], byte[]>> offsetReaders,
            boolean idIsStable) {
        this.producers = producers;
        this.offsetReaders = offsetReaders;
        this.idIsStable = idIsStable;
    }

    /** Another worker runs with the same instance id. */
    static final class FencedException extends RuntimeException {
        FencedException(Throwable cause) {
            super("another worker runs with the same --instance-id; each needs one of its own", cause);
        }
    }

    /** What cannot be done now is not waited for any longer. Any thread. */
    void stop() {
        stopped = true;
    }

    /** Puts everything on Kafka, or nothing. */
    TransactionResult run(Batch batch) {
        Producer<byte[], byte[]> current = usable();
        List<List<Future<?>>> sends = new ArrayList<>();
        boolean committing = false;
        try {
            current.beginTransaction();
            for (List<ProducerRecord<byte[], byte[]>> records : batch.records()) {
                List<Future<?>> futures = new ArrayList<>(records.size());
                sends.add(futures);
                records.forEach(record -> futures.add(current.send(record)));
            }
            current.sendOffsetsToTransaction(batch.offsets(), batch.group());
            committing = true;
            commit(current);
            return TransactionResult.COMMITTED;
        } catch (KafkaException failure) {
            return afterFailure(current, batch, sends, committing, failure);
        }
    }

    /** A commit that timed out may be repeated; nothing else may be done with that producer. */
    private static void commit(Producer<byte[], byte[]> current) {
        for (int tries = 1; ; tries++) {
            try {
                current.commitTransaction();
                return;
            } catch (TimeoutException slow) {
                if (tries == COMMIT_TRIES) {
                    throw slow;
                }
            }
        }
    }

    private TransactionResult afterFailure(
            Producer<byte[], byte[]> current,
            Batch batch,
            List<List<Future<?>>> sends,
            boolean committing,
            KafkaException failure) {
        log.atWarn()
                .addKeyValue("error", failure.toString())
                .addKeyValue("records", batch.records().size())
                .log("transaction failed");
        log.debug("transaction failed", failure);
        if (idIsStable && failure instanceof ProducerFencedException) {
            throw new FencedException(failure);
        }
        if (aborted(current)) {
            return new TransactionResult(false, culprits(sends));
        }
        replace();
        return committing && landed(batch.offsets()) ? TransactionResult.COMMITTED : TransactionResult.ABORTED;
    }

    private static boolean aborted(Producer<byte[], byte[]> current) {
        try {
            current.abortTransaction();
            return true;
        } catch (KafkaException | IllegalStateException unusable) {
            log.atDebug().setCause(unusable).log("producer cannot abort; it is replaced");
            return false;
        }
    }

    /**
     * After an abort every send has ended. Most have failed with their transaction, whatever ended that; only those
     * whose own record Kafka refused cannot be sent at all.
     */
    private static Map<Integer, Exception> culprits(List<List<Future<?>>> sends) {
        Map<Integer, Exception> culprits = new HashMap<>();
        for (int i = 0; i < sends.size(); i++) {
            for (Future<?> send : sends.get(i)) {
                if (failureOf(send) instanceof ApiException refusal && isOfTheRecord(refusal)) {
                    culprits.put(i, refusal);
                }
            }
        }
        return culprits;
    }

    /** A list of what is known to be a record's own, since the opposite mistake would end requests that did no wrong. */
    private static boolean isOfTheRecord(ApiException refusal) {
        return refusal instanceof RecordTooLargeException
                || refusal instanceof TopicAuthorizationException
                || refusal instanceof InvalidTopicException
                || refusal instanceof InvalidRecordException
                || refusal instanceof InvalidTimestampException;
    }

    private static @Nullable Throwable failureOf(Future<?> send) {
        if (!send.isDone()) {
            return null;
        }
        try {
            send.get();
            return null;
        } catch (ExecutionException failed) {
            return failed.getCause();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    /** Whether exactly these offsets are committed. No answer means unknown, so it is asked until there is one. */
    private boolean landed(Map<TopicPartition, OffsetAndMetadata> offsets) {
        while (true) {
            try (Consumer<byte[], byte[]> reader = offsetReaders.get()) {
                Map<TopicPartition, OffsetAndMetadata> committed = reader.committed(offsets.keySet(), OFFSETS_BOUND);
                return offsets.entrySet().stream()
                        .anyMatch(entry -> isSame(committed.get(entry.getKey()), entry.getValue()));
            } catch (KafkaException unknown) {
                pauseAfter(unknown, "committed offsets cannot be read");
            }
        }
    }

    private static boolean isSame(@Nullable OffsetAndMetadata committed, OffsetAndMetadata ours) {
        return committed != null
                && committed.offset() == ours.offset()
                && committed.metadata().equals(ours.metadata());
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
            close();
            try {
                Producer<byte[], byte[]> fresh = producers.get();
                producer = fresh;
                fresh.initTransactions();
                return;
            } catch (ProducerFencedException fenced) {
                throw new FencedException(fenced);
            } catch (KafkaException unavailable) {
                pauseAfter(unavailable, "transactional producer cannot be initialised");
            }
        }
    }

    private void pauseAfter(KafkaException failure, String what) {
        if (stopped || !(failure instanceof RetriableException)) {
            throw failure;
        }
        log.atWarn().addKeyValue("error", failure.toString()).log(what);
        LockSupport.parkNanos(RETRY_NANOS);
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
