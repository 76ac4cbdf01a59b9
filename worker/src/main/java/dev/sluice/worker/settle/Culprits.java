package dev.sluice.worker.settle;

import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.jspecify.annotations.Nullable;

/**
 * Watches the sends of one transaction, and says after its abort which records Kafka will never take.
 *
 * <p>A failed send alone does not tell: records that were still waiting in the producer fail with the very exception of
 * the one that was refused. So only the first refusal counts, and of the others those that name their own topic. Where
 * there are more, the next attempt finds the next. Callbacks come from any thread, one after another.
 */
final class Culprits {
    private final Queue<Failure> failures = new ConcurrentLinkedQueue<>();

    private volatile @Nullable TimeoutException waitedInVain;

    private record Failure(int settlement, String topic, Exception exception) {}

    /** To be called when a send to this topic, of the settlement at this index, has ended. */
    Callback watch(int settlement, String topic) {
        return (metadata, exception) -> {
            if (exception instanceof TimeoutException inVain) {
                waitedInVain = inVain;
            }
            if (exception != null && isOfTheRecord(exception)) {
                failures.add(new Failure(settlement, topic, exception));
            }
        };
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
            if (culprits.isEmpty() || namesItsTopic(failure)) {
                culprits.putIfAbsent(failure.settlement(), failure.exception());
            }
        }
        return culprits;
    }

    /** A list of what is known to be a record's own, since the opposite mistake would end requests that did no wrong. */
    private static boolean isOfTheRecord(Exception refusal) {
        return refusal instanceof RecordTooLargeException
                || refusal instanceof TopicAuthorizationException
                || refusal instanceof InvalidTopicException
                || refusal instanceof InvalidRecordException
                || refusal instanceof InvalidTimestampException;
    }

    private static boolean namesItsTopic(Failure failure) {
        if (failure.exception() instanceof TopicAuthorizationException unauthorized) {
            return unauthorized.unauthorizedTopics().contains(failure.topic());
        }
        return failure.exception() instanceof InvalidTopicException invalid
                && invalid.invalidTopics().contains(failure.topic());
    }
}
