package dev.sluice.trials.bench;

import dev.sluice.trials.GroupOffsets;
import dev.sluice.trials.SluiceJar;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/**
 * Watches the overflow topic grow. It looks at the ends of the partitions, so it knows within a tenth of a second when
 * something has moved. It does not know how much, since the ends also count the markers of transactions. Times are
 * epoch milliseconds. Not thread-safe.
 */
final class OverflowWatch {
    private static final long INTERVAL_MILLIS = 100;

    private final EndsLookUp lookUp;
    private final Map<Integer, Long> sizes = new HashMap<>();
    private final Map<Integer, Long> grownAt = new HashMap<>();
    private long lookedAt;
    private long from;
    private long to;

    OverflowWatch(GroupOffsets offsets) {
        this(() -> offsets.ends(List.of(SluiceJar.TOPICS.overflow())));
    }

    OverflowWatch(EndsLookUp lookUp) {
        this.lookUp = lookUp;
    }

    /** Returns the present end of each partition of the overflow topic. */
    @FunctionalInterface
    interface EndsLookUp {
        Map<TopicPartition, Long> ends() throws InterruptedException;
    }

    /** Looks now, unless it has looked within the last tenth of a second. The first look only finds what is there. */
    void look(long nowMillis) throws InterruptedException {
        if (nowMillis - lookedAt < INTERVAL_MILLIS) {
            return;
        }
        Map<Integer, Long> now = new HashMap<>();
        lookUp.ends().forEach((partition, end) -> now.merge(SluiceJar.TOPICS.bundleOf(partition), end, Long::sum));
        if (lookedAt != 0) {
            now.forEach((bundle, size) -> {
                if (size > sizes.getOrDefault(bundle, 0L)) {
                    grown(bundle, nowMillis);
                }
            });
        }
        sizes.putAll(now);
        lookedAt = nowMillis;
    }

    private void grown(int bundle, long nowMillis) {
        grownAt.put(bundle, nowMillis);
        from = to == 0 ? lookedAt : from;
        to = nowMillis;
    }

    /** Returns when a bundle's part of the topic was last seen to have grown; 0 if it has not. */
    long grownAt(int bundle) {
        return grownAt.getOrDefault(bundle, 0L);
    }

    /** Returns the time from the last look before anything moved to the last look that found more. */
    long millis() {
        return to - from;
    }

    /** Returns how many of that many records moved each second. It is 0 if nothing has moved. */
    long perSecond(long moved) {
        return millis() == 0 ? 0 : moved * 1_000 / millis();
    }
}
