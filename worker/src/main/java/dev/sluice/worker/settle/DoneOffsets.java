package dev.sluice.worker.settle;

import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The done offsets of a partition according to its committed offset. These are all below {@code offset} and the runs
 * above it. They only ever grow, whoever owns the partition.
 */
record DoneOffsets(long offset, AckRuns runs) {
    /**
     * Returns whether a transaction with the offsets {@code ours} has landed, judging by what is committed now. It
     * lands as a whole or not at all. So it has not landed if one partition lacks what it would have brought.
     *
     * <p>Comparing for equality would be wrong. A partition may have moved to another worker, which has committed
     * further or has reached the same end with its own transaction. If every partition has all that ours would have
     * brought, nothing is left to send again, whoever has brought it. A partition whose metadata cannot be read
     * belongs to another release by now and says nothing.
     */
    static boolean landed(
            Map<TopicPartition, OffsetAndMetadata> ours, Map<TopicPartition, OffsetAndMetadata> committed) {
        return ours.entrySet().stream().allMatch(entry -> {
            DoneOffsets wanted = of(entry.getValue()).orElseThrow();
            OffsetAndMetadata found = committed.get(entry.getKey());
            return found != null && of(found).map(done -> done.covers(wanted)).orElse(true);
        });
    }

    private static Optional<DoneOffsets> of(OffsetAndMetadata committed) {
        AckRuns.Decoded decoded = AckRuns.decode(committed.metadata(), committed.offset());
        return Optional.ofNullable(runs(decoded)).map(runs -> new DoneOffsets(committed.offset(), runs));
    }

    private static @Nullable AckRuns runs(AckRuns.Decoded decoded) {
        if (decoded instanceof AckRuns.Runs ours) {
            return ours.runs();
        }
        return decoded instanceof AckRuns.Foreign ? AckRuns.NONE : null;
    }

    private boolean covers(DoneOffsets other) {
        if (other.offset > offset) {
            return false;
        }
        long[] bounds = other.runs.bounds();
        for (int i = 0; i < bounds.length; i += 2) {
            if (!covers(bounds[i], bounds[i + 1])) {
                return false;
            }
        }
        return true;
    }

    private boolean covers(long from, long to) {
        long start = Math.max(from, offset);
        if (start >= to) {
            return true;
        }
        long[] bounds = runs.bounds();
        for (int i = 0; i < bounds.length; i += 2) {
            if (bounds[i] <= start && to <= bounds[i + 1]) {
                return true;
            }
        }
        return false;
    }
}
