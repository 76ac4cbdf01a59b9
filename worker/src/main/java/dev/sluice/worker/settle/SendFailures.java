package dev.sluice.worker.settle;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.LongConsumer;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.errors.LeaderNotAvailableException;
import org.apache.kafka.common.errors.NotEnoughReplicasAfterAppendException;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.errors.NotLeaderOrFollowerException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownServerException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.UnsupportedCompressionTypeException;
import org.apache.kafka.common.errors.UnsupportedForMessageFormatException;
import org.jspecify.annotations.Nullable;

/**
 * The failed sends of one transaction. After its abort this tells which records Kafka will never take, and which
 * partitions took nothing for the moment. The producer's callbacks come from any thread, one after another.
 *
 * <p>A failed send alone tells little. Records that still waited in the producer fail with the very exception of the
 * rejected record, or with one that only says that the transaction is aborted. So only the first rejection is trusted,
 * plus later ones whose exception names their own topic. If there are more, the next attempt finds the next. For failed
 * partitions this is easier, since each has an exception of its own.
 */
final class SendFailures {
    private final LongConsumer accepted;
    private final Queue<Failure> failures = new ConcurrentLinkedQueue<>();
    private final Set<TopicPartition> written = ConcurrentHashMap.newKeySet();

    private volatile @Nullable TimeoutException timeout;

    /**
     * A failed send.
     *
     * @param settlement the index of the settlement that the record belongs to
     */
    record Failure(int settlement, TopicPartition target, Exception exception) {
        /** Returns whether Kafka may take the same record later, so that no paid answer is to be lost for it. */
        boolean mayPass() {
            return exception instanceof InvalidTimestampException || exception instanceof UnknownServerException;
        }
    }

    /** @param accepted receives the timestamp of each record that Kafka has taken, on any thread */
    SendFailures(LongConsumer accepted) {
        this.accepted = accepted;
    }

    /**
     * Returns the callback for the send of this record.
     *
     * @param settlement the index of the settlement that the record belongs to
     */
    Callback callback(int settlement, ProducerRecord<?, ?> record) {
        return (metadata, exception) -> {
            TopicPartition target = target(record, metadata);
            if (exception == null) {
                written.add(target);
                if (metadata != null && metadata.hasTimestamp()) {
                    accepted.accept(metadata.timestamp());
                }
                return;
            }
            if (exception instanceof TimeoutException timedOut) {
                timeout = timedOut;
            }
            failures.add(new Failure(settlement, target, exception));
        };
    }

    /** Returns where a record went. A failed send has metadata too if its partition was chosen. */
    private static TopicPartition target(ProducerRecord<?, ?> record, @Nullable RecordMetadata metadata) {
        int partition = metadata == null
                ? Objects.requireNonNullElse(record.partition(), RecordMetadata.UNKNOWN_PARTITION)
                : metadata.partition();
        return new TopicPartition(record.topic(), partition);
    }

    /**
     * Throws the timeout of an earlier send, such as one to a deleted topic. The transaction is lost already, and up
     * to a thousand further sends would each wait as long.
     */
    void throwIfTimedOut() {
        TimeoutException timedOut = timeout;
        if (timedOut != null) {
            throw timedOut;
        }
    }

    /**
     * Returns Kafka's rejections, by the index of the settlement.
     *
     * @param alone whether the transaction had one settlement, so that no other can be to blame
     */
    Map<Integer, Exception> rejections(boolean alone) {
        Map<Integer, Exception> rejections = new HashMap<>();
        for (Failure failure : failures) {
            boolean rejected = isRejection(failure.exception()) || (alone && isRejectionOfBatch(failure.exception()));
            if (rejected && (rejections.isEmpty() || namesItsTopic(failure))) {
                rejections.putIfAbsent(failure.settlement(), failure.exception());
            }
        }
        return rejections;
    }

    /**
     * Returns the first send whose failure does not pass, unless it is a rejection for sure. Only a transaction of its
     * settlement alone shows whether it is the cause.
     */
    Optional<Failure> suspect() {
        return failures.stream()
                .filter(failure -> isRejectionOfBatch(failure.exception()) || failure.mayPass())
                .findFirst();
    }

    /** Returns the partitions that took nothing now but may later. It returns none if no partition is the cause. */
    FailedPartitions failedPartitions() {
        IdentityHashMap<Exception, TopicPartition> firstOf = new IdentityHashMap<>();
        Map<TopicPartition, Set<Integer>> unavailable = new HashMap<>();
        Map<TopicPartition, Set<Integer>> unconfirmed = new HashMap<>();
        for (Failure failure : failures) {
            TopicPartition first = firstOf.computeIfAbsent(failure.exception(), unseen -> failure.target());
            boolean own = isPartitionFailure(failure.exception()) && first.equals(failure.target());
            (own ? unavailable : unconfirmed)
                    .computeIfAbsent(failure.target(), none -> new TreeSet<>())
                    .add(failure.settlement());
        }
        return unavailable.isEmpty()
                ? FailedPartitions.NONE
                : new FailedPartitions(unavailable, unconfirmed, Set.copyOf(written));
    }

    /** Returns whether only the record itself can cause this exception. */
    private static boolean isRejection(Exception exception) {
        // a list of what is known for sure: the opposite mistake would end requests that did nothing wrong
        return exception instanceof RecordTooLargeException
                || exception instanceof TopicAuthorizationException
                || exception instanceof InvalidTopicException;
    }

    /** Returns whether a record can cause this exception, perhaps another one of the same batch. */
    private static boolean isRejectionOfBatch(Exception exception) {
        // of several invalid records in a batch each has InvalidRecordException, whatever is wrong with it
        return exception instanceof InvalidRecordException
                || exception instanceof RecordBatchTooLargeException
                || exception instanceof PolicyViolationException
                || exception instanceof UnsupportedCompressionTypeException
                || exception instanceof UnsupportedForMessageFormatException;
    }

    /** Returns whether a leader that cannot write, or the lack of an answer in time, causes this exception. */
    private static boolean isPartitionFailure(Exception exception) {
        return (exception instanceof TimeoutException && !(exception instanceof BufferExhaustedException))
                || exception instanceof NotEnoughReplicasException
                || exception instanceof NotEnoughReplicasAfterAppendException
                || exception instanceof NotLeaderOrFollowerException
                || exception instanceof LeaderNotAvailableException
                || exception instanceof KafkaStorageException
                || exception instanceof UnknownTopicOrPartitionException;
    }

    private static boolean namesItsTopic(Failure failure) {
        if (failure.exception() instanceof TopicAuthorizationException unauthorized) {
            return unauthorized.unauthorizedTopics().contains(failure.target().topic());
        }
        return failure.exception() instanceof InvalidTopicException invalid
                && invalid.invalidTopics().contains(failure.target().topic());
    }
}
