package dev.sluice.worker.settle;

import java.util.List;
import java.util.stream.IntStream;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/**
 * The place where a reply goes. Immutable.
 *
 * @param partition null to let the partitioner choose by key
 * @param partitionCount the topic's number of partitions, or 0 if it was not looked up, since it is the queue's own
 *     topic
 * @param problem why the reply may not go where the request wants it, or null if it may
 * @param redirected why the reply cannot go there now and goes to the queue's own reply topic, or null if it can
 */
record ReplyRoute(
        String topic,
        @Nullable Integer partition,
        int partitionCount,
        @Nullable String problem,
        @Nullable String redirected) {
    ReplyRoute(String topic, @Nullable Integer partition, int partitionCount, @Nullable String problem) {
        this(topic, partition, partitionCount, problem, null);
    }

    /** Returns the same route to exactly this partition. */
    ReplyRoute at(int chosen) {
        return new ReplyRoute(topic, chosen, partitionCount, problem);
    }

    /**
     * Returns the partitions that a reply on this route may reach. A reply with a key has the one that Kafka's default
     * partitioner chooses. A reply without a key may go to any.
     *
     * @param offset the offset of the request, which spreads replies without a key
     */
    List<TopicPartition> candidates(byte @Nullable [] key, long offset) {
        if (partition != null) {
            return List.of(new TopicPartition(topic, partition));
        }
        if (key != null) {
            // a user's own partitioner may choose otherwise; then the send fails and tells the partition
            return List.of(new TopicPartition(topic, Utils.toPositive(Utils.murmur2(key)) % partitionCount));
        }
        int first = (int) (offset % partitionCount);
        return IntStream.range(first, first + partitionCount)
                .mapToObj(i -> new TopicPartition(topic, i % partitionCount))
                .toList();
    }
}
