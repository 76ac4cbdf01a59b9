package dev.sluice.worker.settle;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
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
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/**
 * Watches the sends of one transaction, and says after its abort which records Kafka will never take, and which
 * partitions took none for the moment.
 *
 * <p>A failed send alone does not tell: records that were still waiting in the producer fail with the very exception of
 * the one that was refused, or with one that only says that the transaction is aborted. So of refusals only the first
 * counts, and of the others those that name their own topic. Where there are more, the next attempt finds the next. Of
 * the failures of partitions, each has an exception of its own. Callbacks come from any thread, one after another.
 */
final class RejectedRecords {
    private final Queue<Failure> failures = new ConcurrentLinkedQueue<>();
    private final Set<TopicPartition> written = ConcurrentHashMap.newKeySet();

    private volatile @Nullable TimeoutException waitedInVain;

    private record Failure(int settlement, TopicPartition target, Exception exception) {}

    /** To be called when the send of this record, of the settlement at this index, has ended. */
    Callback watch(int settlement, ProducerRecord<?, ?> record) {
        return (metadata, exception) -> {
            TopicPartition target = target(record, metadata);
            if (exception == null) {
                written.add(target);
                return;
            }
            if (exception instanceof TimeoutException inVain) {
                waitedInVain = inVain;
            }
            failures.add(new Failure(settlement, target, exception));
        };
    }

    /** A failure has metadata too, as far as the partition was chosen. */
    private static TopicPartition target(ProducerRecord<?, ?> record, @Nullable RecordMetadata metadata) {
        int partition = metadata == null
                ? Objects.requireNonNullElse(record.partition(), RecordMetadata.UNKNOWN_PARTITION)
                : metadata.partition();
        return new TopicPartition(record.topic(), partition);
    }

    /**
     * Throws what the last send has waited for in vain, such as a topic that was deleted: the next ones would wait as
     * long, up to a thousand times, and the transaction is lost already.
     */
    void failIfOneWaitedInVain() {
        TimeoutException inVain = waitedInVain;
        if (inVain != null) {
            throw inVain;
        }
    }

    /** The refusals, by the settlement's index. */
    Map<Integer, Exception> found() {
        Map<Integer, Exception> culprits = new HashMap<>();
        for (Failure failure : failures) {
            if (isOfTheRecord(failure.exception()) && (culprits.isEmpty() || namesItsTopic(failure))) {
                culprits.putIfAbsent(failure.settlement(), failure.exception());
            }
        }
        return culprits;
    }

    /** What Kafka did not take, though it may take it later; nothing where no partition is at fault. */
    FailedPartitions undelivered() {
        IdentityHashMap<Exception, TopicPartition> firstOf = new IdentityHashMap<>();
        Map<TopicPartition, Set<Integer>> unwritable = new HashMap<>();
        Map<TopicPartition, Set<Integer>> unsent = new HashMap<>();
        for (Failure failure : failures) {
            TopicPartition first = firstOf.computeIfAbsent(failure.exception(), unseen -> failure.target());
            boolean own = isOfThePartition(failure.exception()) && first.equals(failure.target());
            (own ? unwritable : unsent)
                    .computeIfAbsent(failure.target(), none -> new TreeSet<>())
                    .add(failure.settlement());
        }
        return unwritable.isEmpty()
                ? FailedPartitions.NOTHING
                : new FailedPartitions(unwritable, unsent, Set.copyOf(written));
    }

    /** A list of what is known to be a record's own, since the opposite mistake would end requests that did no wrong. */
    private static boolean isOfTheRecord(Exception refusal) {
        return refusal instanceof RecordTooLargeException
                || refusal instanceof TopicAuthorizationException
                || refusal instanceof InvalidTopicException
                || refusal instanceof InvalidRecordException
                || refusal instanceof InvalidTimestampException;
    }

    /** What a partition's leader says that cannot write, and what the producer does where none has answered in time. */
    private static boolean isOfThePartition(Exception failure) {
        return (failure instanceof TimeoutException && !(failure instanceof BufferExhaustedException))
                || failure instanceof NotEnoughReplicasException
                || failure instanceof NotEnoughReplicasAfterAppendException
                || failure instanceof NotLeaderOrFollowerException
                || failure instanceof LeaderNotAvailableException
                || failure instanceof KafkaStorageException
                || failure instanceof UnknownTopicOrPartitionException;
    }

    private static boolean namesItsTopic(Failure failure) {
        if (failure.exception() instanceof TopicAuthorizationException unauthorized) {
            return unauthorized.unauthorizedTopics().contains(failure.target().topic());
        }
        return failure.exception() instanceof InvalidTopicException invalid
                && invalid.invalidTopics().contains(failure.target().topic());
    }
}
