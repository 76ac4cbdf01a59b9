package dev.sluice.worker.status;

import dev.sluice.worker.settle.AckRuns;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The offsets that the workers have committed.
 *
 * @param offsets the committed offset of each partition. It is absent or null if nothing is committed.
 */
record CommittedOffsets(Map<TopicPartition, @Nullable OffsetAndMetadata> offsets) {
    /**
     * Returns the open range of a partition that holds the offsets from {@code begin} to {@code end}, exclusive.
     *
     * @param problems takes a sentence if requests were lost or the committed metadata cannot be read
     */
    OpenRange openRange(TopicPartition partition, long begin, long end, List<String> problems) {
        OffsetAndMetadata committed = offsets.get(partition);
        if (committed == null) {
            return new OpenRange(partition, begin, end, AckRuns.NONE);
        }
        AckRuns done = done(partition, committed, problems);
        long lost = Math.max(0, begin - committed.offset()) - done.count(committed.offset(), begin);
        if (lost > 0) {
            problems.add(partition + ": retention has deleted up to " + lost
                    + " requests that had not ended; keep the topic's records longer (retention.ms)");
        }
        return new OpenRange(partition, Math.max(begin, committed.offset()), end, done);
    }

    private static AckRuns done(TopicPartition partition, OffsetAndMetadata committed, List<String> problems) {
        AckRuns.Decoded decoded = AckRuns.decode(committed.metadata(), committed.offset());
        if (decoded instanceof AckRuns.Runs ours) {
            return ours.runs();
        }
        problems.add(partition + ": the metadata of the committed offset is "
                + (decoded instanceof AckRuns.Foreign ? "not a worker's" : "damaged or another release's")
                + ", so requests that ended out of order are counted as open");
        return AckRuns.NONE;
    }
}
