package dev.sluice.trials.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.trials.SluiceJar;
import dev.sluice.wire.Topics;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class OverflowWatchTest {
    private final Map<TopicPartition, Long> ends = new HashMap<>();
    private final OverflowWatch watch = new OverflowWatch(() -> Map.copyOf(ends));

    private OverflowWatchTest end(int partition, long end) {
        ends.put(new TopicPartition(SluiceJar.TOPICS.overflow(), partition), end);
        return this;
    }

    private void lookAt(long nowMillis) throws InterruptedException {
        watch.look(nowMillis);
    }

    @Test
    void theRateCountsFromTheLastLookBeforeAnythingMovedToTheLastThatFindsMore() throws Exception {
        end(0, 0).end(Topics.OVERFLOW_PARTITIONS, 0).lookAt(1_000);
        lookAt(2_000);
        end(0, 900).lookAt(2_100);
        end(0, 1_800).end(Topics.OVERFLOW_PARTITIONS, 200).lookAt(3_000);
        lookAt(9_000);

        assertThat(watch.millis()).isEqualTo(1_000);
        assertThat(watch.perSecond(1_990)).isEqualTo(1_990);
    }

    @Test
    void eachBundleHasItsOwnTime() throws Exception {
        end(0, 0).end(1, 0).end(Topics.OVERFLOW_PARTITIONS, 5).lookAt(1_000);
        end(0, 10).lookAt(1_100);
        end(1, 10).lookAt(1_200);

        assertThat(watch.grownAt(0)).isEqualTo(1_200);
        assertThat(watch.grownAt(1))
                .as("what the first look finds has not just moved")
                .isZero();
    }

    @Test
    void doesNotLookTwiceWithinATenthOfASecond() throws Exception {
        end(0, 0).lookAt(1_000);
        end(0, 10).lookAt(1_099);

        assertThat(watch.grownAt(0)).isZero();
        assertThat(watch.perSecond(10)).isZero();
    }
}
