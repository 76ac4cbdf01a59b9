package dev.sluice.worker.settle;

import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Which offsets of a partition are done by what is committed for it: those below {@code offset}, and the runs above it.
 * It only ever grows, whoever owns the partition.
 */
record DoneOffsets(long offset, AckRuns runs) {
    /**
     * Whether a transaction with the offsets {@code ours} has landed, by what is committed now. All of it or nothing
     * has, so it has not as soon as one partition lacks what it would have brought.
     *
     * <p>Equality would not do: a partition that has moved to another worker meanwhile may be committed further, and the
     * same end can be reached by another worker's own transaction. Where every partition has all that ours would have
     * brought, there is nothing left to send again, whoever has brought it. A partition whose metadata cannot be read is
     * another release's by now and says nothing.
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
