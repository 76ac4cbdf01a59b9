package dev.sluice.worker.status;

import dev.sluice.worker.kafka.AdminResults;
import dev.sluice.worker.kafka.AdminTimeouts;
import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.topics.TopicState;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/** Asks Kafka which offsets of topics are open. Stateless. */
final class OpenRanges {
    private final Admin admin;
    private final WorkerGroup group;

    OpenRanges(Admin admin, WorkerGroup group) {
        this.admin = admin;
        this.group = group;
    }

    /**
     * Returns the open range of each partition of the topics that exist. What is wrong with the queue as a whole is not
     * said here.
     *
     * @throws CommandException if the broker does not answer or rejects a request
     */
    Map<TopicPartition, OpenRange> of(Collection<String> topics) throws InterruptedException {
        List<TopicPartition> partitions = new ArrayList<>();
        states(topics)
                .forEach((name, state) -> IntStream.range(0, state.partitions())
                        .mapToObj(number -> new TopicPartition(name, number))
                        .forEach(partitions::add));
        Map<TopicPartition, Long> first = offsets(partitions, OffsetSpec.earliest());
        CommittedOffsets committed = group.committed();
        Map<TopicPartition, OpenRange> ranges = new HashMap<>();
        offsets(partitions, OffsetSpec.latest())
                .forEach((partition, end) -> ranges.put(
                        partition,
                        committed.openRange(partition, first.getOrDefault(partition, 0L), end, new ArrayList<>())));
        return ranges;
    }

    private Map<String, TopicState> states(Collection<String> names) throws InterruptedException {
        try {
            return TopicState.read(admin, names, AdminTimeouts.FOREGROUND);
        } catch (TopicState.UnreadableException e) {
            throw new CommandException(e.getMessage());
        }
    }

    /** Returns offsets, -1 where a partition has none of this kind. Partitions without a leader are left out. */
    Map<TopicPartition, Long> offsets(Collection<TopicPartition> partitions, OffsetSpec spec)
            throws InterruptedException {
        Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
        partitions.forEach(partition -> asked.put(partition, spec));
        ListOffsetsOptions options =
                new ListOffsetsOptions(IsolationLevel.READ_COMMITTED).timeoutMs(AdminTimeouts.FOREGROUND_MILLIS);
        return AdminResults.offsets(admin.listOffsets(asked, options), partitions, "the topics' offsets");
    }
}
