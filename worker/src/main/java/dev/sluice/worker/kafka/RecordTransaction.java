package dev.sluice.worker.kafka;

import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Sends a few records in one transaction. It stays open no longer than its sends take, because no worker can read past
 * an open transaction. Settle has transactions of its own, which carry offsets.
 */
public final class RecordTransaction {
    private static final int COMMIT_TRIES = 3;

    private RecordTransaction() {}

    /**
     * Sends all records, or returns false if one of them is too large and nothing was sent.
     *
     * @param producer has initialized its transactions, and has none under way
     * @throws AuthorizationException if a right is missing, whatever else has failed for that reason
     * @throws KafkaException if anything else fails. Unless that is the commit, nothing was sent
     */
    public static boolean commits(Producer<byte[], byte[]> producer, List<ProducerRecord<byte[], byte[]>> records) {
        Queue<KafkaException> failures = new ConcurrentLinkedQueue<>();
        try {
            producer.beginTransaction();
            for (ProducerRecord<byte[], byte[]> record : records) {
                var unused = producer.send(record, (sent, failure) -> {
                    if (failure != null) {
                        failures.add(failure instanceof KafkaException known ? known : new KafkaException(failure));
                    }
                });
            }
            producer.flush();
        } catch (KafkaException e) {
            failures.add(e);
        }
        if (failures.isEmpty()) {
            commit(producer);
            return true;
        }
        abort(producer, failures);
        return false;
    }

    private static void commit(Producer<byte[], byte[]> producer) {
        for (int tries = 1; ; tries++) {
            try {
                producer.commitTransaction();
                return;
            } catch (TimeoutException e) {
                // a commit that timed out may be repeated; it commits nothing twice
                if (tries == COMMIT_TRIES) {
                    throw e;
                }
            }
        }
    }

    /** Aborts the transaction and throws, unless one of the failures says that a record is too large. */
    private static void abort(Producer<byte[], byte[]> producer, Queue<KafkaException> failures) {
        KafkaException reported = failures.stream()
                .<KafkaException>flatMap(failure -> cause(failure, AuthorizationException.class).stream())
                .findFirst()
                .orElse(failures.element());
        try {
            producer.abortTransaction();
        } catch (KafkaException e) {
            reported.addSuppressed(e);
            throw reported;
        }
        if (failures.stream()
                .allMatch(
                        failure -> cause(failure, RecordTooLargeException.class).isEmpty())) {
            throw reported;
        }
    }

    /** Finds an exception in the chain of causes. The producer wraps the exception that made its transaction fail. */
    public static <T extends Throwable> Optional<T> cause(Throwable failure, Class<T> type) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return Optional.of(type.cast(cause));
            }
        }
        return Optional.empty();
    }
}
