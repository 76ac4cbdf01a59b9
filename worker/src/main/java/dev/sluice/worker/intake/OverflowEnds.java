package dev.sluice.worker.intake;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks Kafka where what earlier owners have moved ends. No overflow partition is read before. Owned by the poll thread.
 */
final class OverflowEnds {
    private static final long PAUSE_AFTER_FAILURE_MILLIS = 5_000;

    private static final Logger log = LoggerFactory.getLogger(OverflowEnds.class);

    private final OverflowPartitions overflow;
    private final BacklogScout scout;
    /** True after a failure. A partition without a leader fails all that are asked with it. */
    private boolean asksOneByOne;

    private int turn;
    private long nextAt;

    OverflowEnds(OverflowPartitions overflow, BacklogScout scout) {
        this.overflow = overflow;
        this.scout = scout;
    }

    /** Asks for the ends that are not known, at most for a part of the time if the broker does not answer. */
    void ask(long nowMillis) {
        List<OwnedPartition> waiting = overflow.awaitingEnd();
        asksOneByOne &= !waiting.isEmpty();
        if (waiting.isEmpty() || nowMillis < nextAt) {
            return;
        }
        List<OwnedPartition> asked = asksOneByOne ? List.of(waiting.get(turn % waiting.size())) : waiting;
        try {
            Map<TopicPartition, Long> ends =
                    scout.ends(asked.stream().map(OwnedPartition::partition).toList());
            asked.forEach(partition -> Objects.requireNonNull(partition.overflow())
                    .endsAt(Objects.requireNonNull(ends.get(partition.partition()))));
        } catch (RetriableException unavailable) {
            turn = asksOneByOne ? turn + 1 : 0;
            nextAt = asksOneByOne ? nowMillis + PAUSE_AFTER_FAILURE_MILLIS : nowMillis;
            asksOneByOne = true;
            log.atDebug().setCause(unavailable).log("Ends of overflow partitions unavailable");
        }
    }
}
