package dev.sluice.worker.settle;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.jspecify.annotations.Nullable;

/** Finds the records that Kafka will never take among the sends of an aborted transaction. Pure. */
final class Culprits {
    private Culprits() {}

    /**
     * After an abort every send has ended. Most have failed with their transaction, whatever ended that; only those
     * whose own record Kafka refused cannot be sent at all.
     *
     * @param sends those of each settlement at its index
     * @return the refusals, by the settlement's index
     */
    static Map<Integer, Exception> of(List<List<Future<?>>> sends) {
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
}
