package dev.sluice.worker.deadletters;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Sends letters back, each in one transaction with its mark. A transaction is open for no longer than its sends take:
 * while it is, no worker reads on behind it. Not thread-safe.
 */
final class ReplayProducer {
    private static final int COMMIT_TRIES = 3;

    private final Producer<byte[], byte[]> producer;
    private final ReplayRecords resend;
    private final Clock clock;
    private final List<String> tooLarge = new ArrayList<>();
    private long tooLargeCount;
    private long sent;

    /** A letter and the body it is sent with. */
    record Item(DeadLetter letter, byte[] body) {}

    ReplayProducer(Producer<byte[], byte[]> producer, ReplayRecords resend, Clock clock) {
        this.producer = producer;
        this.resend = resend;
        this.clock = clock;
    }

    /**
     * Ends whatever an earlier replay has left open, and shuts out one that is still running.
     *
     * @throws ReplayStoppedException where it cannot
     */
    void takeOver() {
        try {
            producer.initTransactions();
        } catch (KafkaException failed) {
            throw stopped("nothing was sent: ", failed);
        }
    }

    /**
     * Sends all, but for those that are too large for the topic. Where one is, the others are sent in several transactions.
     *
     * @throws ReplayStoppedException where it cannot; those transactions that were committed before, {@link #sent} counts
     */
    void send(List<Item> items) {
        if (transact(items)) {
            sent += items.size();
        } else if (items.size() == 1) {
            tooLargeCount++;
            if (tooLarge.size() < DeadLetterReplay.PLACES_NAMED) {
                tooLarge.add(items.get(0).letter().position());
            }
        } else {
            send(items.subList(0, items.size() / 2));
            send(items.subList(items.size() / 2, items.size()));
        }
    }

    long sent() {
        return sent;
    }

    long tooLarge() {
        return tooLargeCount;
    }

    /** Where the first of those too large lie. */
    List<String> tooLargeAt() {
        return List.copyOf(tooLarge);
    }

    /** Returns whether it is committed; false where a record among these is too large, and nothing was sent. */
    private boolean transact(List<Item> items) {
        Queue<Exception> failures = new ConcurrentLinkedQueue<>();
        try {
            producer.beginTransaction();
            for (Item item : items) {
                send(resend.request(item.letter(), item.body(), clock.millis()), failures);
                send(ReplayRecords.mark(item.letter()), failures);
            }
            producer.flush();
        } catch (KafkaException failed) {
            failures.add(failed);
        }
        if (failures.isEmpty()) {
            commit();
            return true;
        }
        return aborted(failures);
    }

    private void send(ProducerRecord<byte[], byte[]> record, Queue<Exception> failures) {
        var unused = producer.send(record, (metadata, failure) -> {
            if (failure != null) {
                failures.add(failure);
            }
        });
    }

    private boolean aborted(Queue<Exception> failures) {
        Exception first = failures.stream()
                .filter(failure -> refusal(failure).isPresent())
                .findFirst()
                .orElse(failures.element());
        try {
            producer.abortTransaction();
        } catch (KafkaException failed) {
            first.addSuppressed(failed);
            throw stopped("", first);
        }
        if (failures.stream().noneMatch(failure -> isCausedBy(failure, RecordTooLargeException.class))) {
            throw stopped("", first);
        }
        return false;
    }

    private static ReplayStoppedException stopped(String before, Exception failure) {
        ReplayFailure obstacle = refusal(failure)
                .<ReplayFailure>map(refusal -> new ReplayFailure.Refused(refusal, true))
                .orElseGet(() -> new ReplayFailure.Failed(before + reason(failure)));
        return new ReplayStoppedException(obstacle, failure);
    }

    /** Asking again is allowed after a timeout and commits nothing twice. */
    private void commit() {
        for (int tries = 1; ; tries++) {
            try {
                producer.commitTransaction();
                return;
            } catch (TimeoutException late) {
                if (tries == COMMIT_TRIES) {
                    throw stopped("", late);
                }
            } catch (KafkaException failed) {
                throw stopped("", failed);
            }
        }
    }

    private static String reason(Exception failure) {
        boolean fenced = isCausedBy(failure, ProducerFencedException.class)
                || isCausedBy(failure, InvalidProducerEpochException.class);
        return fenced ? "another replay of this queue has begun and taken over" : "Kafka: " + failure.getMessage();
    }

    /** In a transaction that has failed already the producer wraps what it failed of. */
    private static Optional<AuthorizationException> refusal(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof AuthorizationException refusal) {
                return Optional.of(refusal);
            }
        }
        return Optional.empty();
    }

    private static boolean isCausedBy(Throwable failure, Class<? extends Throwable> type) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return true;
            }
        }
        return false;
    }
}
