package dev.sluice.worker.kafka;

import dev.sluice.worker.text.CommandException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;

/** The offsets that Kafka was asked for, of those partitions whose leader has answered. */
public final class PartitionOffsets {
    private PartitionOffsets() {}

    /**
     * Waits for them; the admin client's timeout is the bound.
     *
     * @param what they are, for the refusal
     * @throws CommandException where no leader has answered, or what is wrong is not that one is away
     */
    public static Map<TopicPartition, Long> known(
            ListOffsetsResult asked, Collection<TopicPartition> partitions, String what) throws InterruptedException {
        Map<TopicPartition, Long> known = new HashMap<>();
        Throwable away = null;
        for (TopicPartition partition : partitions) {
            try {
                known.put(partition, asked.partitionResult(partition).get().offset());
            } catch (ExecutionException failed) {
                if (!(failed.getCause() instanceof RetriableException)) {
                    throw AdminResults.unreadable(what, failed.getCause());
                }
                away = failed.getCause();
            }
        }
        if (known.isEmpty() && away != null) {
            throw AdminResults.unreadable(what, away);
        }
        return known;
    }
}
