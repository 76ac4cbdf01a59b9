package dev.sluice.worker.deadletters;

import dev.sluice.worker.kafka.RecordTransaction;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;

/**
 * Sends dead letters back to the queue, each in one transaction with its mark. A transaction stays open no longer than
 * its sends take, because no worker can read past an open transaction. Not thread-safe.
 */
final class ReplayProducer {
    private final Producer<byte[], byte[]> producer;
    private final ReplayRecords records;
    private final Clock clock;
    private final List<String> tooLargeAt = new ArrayList<>();
    private long tooLarge;
    private long sent;

    /** A letter and the body with which its request is sent. */
    record Item(DeadLetter letter, byte[] body) {}

    ReplayProducer(Producer<byte[], byte[]> producer, ReplayRecords records, Clock clock) {
        this.producer = producer;
        this.records = records;
        this.clock = clock;
    }

    /**
     * Aborts a transaction that an earlier replay has left open, and fences a replay that is still running.
     *
     * @throws ReplayStoppedException if Kafka does not allow it or does not answer
     */
    void takeOver() {
        try {
            producer.initTransactions();
        } catch (KafkaException e) {
            throw stopped("nothing was sent: ", e);
        }
    }

    /**
     * Sends all items except those that are too large for the topic. If one is too large, the others are sent in
     * several transactions.
     *
     * @throws ReplayStoppedException if a transaction fails; {@link #sent} counts those that were committed before
     */
    void send(List<Item> items) {
        if (commitsAll(items)) {
            sent += items.size();
        } else if (items.size() == 1) {
            tooLarge++;
            if (tooLargeAt.size() < DeadLetterReplay.MAX_POSITIONS) {
                tooLargeAt.add(items.get(0).letter().position());
            }
        } else {
            send(items.subList(0, items.size() / 2));
            send(items.subList(items.size() / 2, items.size()));
        }
    }

    long sent() {
        return sent;
    }

    /** Returns the number of letters that were too large. */
    long tooLarge() {
        return tooLarge;
    }

    /** Returns the positions of the first letters that were too large. */
    List<String> tooLargeAt() {
        return List.copyOf(tooLargeAt);
    }

    /** Sends all items in one transaction, or returns false if one of them is too large and nothing was sent. */
    private boolean commitsAll(List<Item> items) {
        List<ProducerRecord<byte[], byte[]>> both = new ArrayList<>();
        for (Item item : items) {
            both.add(records.request(item.letter(), item.body(), clock.millis()));
            both.add(records.mark(item.letter()));
        }
        try {
            return RecordTransaction.commits(producer, both);
        } catch (KafkaException e) {
            throw stopped("", e);
        }
    }

    private static ReplayStoppedException stopped(String prefix, Exception failure) {
        ReplayFailure reason = RecordTransaction.cause(failure, AuthorizationException.class)
                .<ReplayFailure>map(denial -> new ReplayFailure.Denied(denial, true))
                .orElseGet(() -> new ReplayFailure.Failed(prefix + problem(failure)));
        return new ReplayStoppedException(reason, failure);
    }

    private static String problem(Exception failure) {
        boolean fenced = isCausedBy(failure, ProducerFencedException.class)
                || isCausedBy(failure, InvalidProducerEpochException.class);
        return fenced ? "another replay of this queue has begun and taken over" : "Kafka: " + failure.getMessage();
    }

    private static boolean isCausedBy(Throwable failure, Class<? extends Throwable> type) {
        return RecordTransaction.cause(failure, type).isPresent();
    }
}
