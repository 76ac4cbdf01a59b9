package dev.sluice.worker.kafka;

import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.topics.AclErrors;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Turns what an admin client answers into values or into the error that ends a command. */
public final class AdminResults {
    private AdminResults() {}

    /**
     * Waits for offsets and returns those of all partitions whose leader has answered. The admin client's own timeout
     * bounds the wait.
     *
     * @param what names the offsets in the error message
     * @throws CommandException if no leader has answered, or if a leader answered with an error that retrying does not
     *     mend
     */
    public static Map<TopicPartition, Long> offsets(
            ListOffsetsResult result, Collection<TopicPartition> partitions, String what) throws InterruptedException {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        Throwable unavailable = null;
        for (TopicPartition partition : partitions) {
            try {
                offsets.put(partition, result.partitionResult(partition).get().offset());
            } catch (ExecutionException failed) {
                if (!(failed.getCause() instanceof RetriableException)) {
                    throw unreadable(what, failed.getCause());
                }
                unavailable = failed.getCause();
            }
        }
        if (offsets.isEmpty() && unavailable != null) {
            throw unreadable(what, unavailable);
        }
        return offsets;
    }

    /** Returns the error that says why Kafka did not answer, with the missing right where there is one. */
    public static CommandException unreadable(String what, Throwable cause) {
        return new CommandException("cannot read " + what + ": "
                + AclErrors.words(cause, AclErrors.Right.DESCRIBE)
                        .orElseGet(() -> words(cause) + "; try again, and look at the broker's log"));
    }

    /** Returns the error without what Kafka's client tells of a call that had no answer: its name and its deadline. */
    private static @Nullable String words(Throwable cause) {
        return cause instanceof TimeoutException ? "no broker has answered in time" : cause.getMessage();
    }
}
