package dev.sluice.worker.settle;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class EndedRecordsTest {
    private static final TopicPartition FIRST = new TopicPartition("chat.requests.retry", 1);
    private static final TopicPartition SECOND = new TopicPartition("chat.requests.delay-10s", 1);

    @Test
    void deletesUpToWhatIsCommitted() {
        assertThat(EndedRecords.ended(Map.of(FIRST, 7L, SECOND, 3L), Map.of()))
                .isEqualTo(Map.of(FIRST, 7L, SECOND, 3L));
    }

    @Test
    void asksForNothingTwice() {
        assertThat(EndedRecords.ended(Map.of(FIRST, 7L, SECOND, 3L), Map.of(FIRST, 7L, SECOND, 2L)))
                .isEqualTo(Map.of(SECOND, 3L));
    }

    @Test
    void asksForNothingWhereNothingIsCommitted() {
        assertThat(EndedRecords.ended(Map.of(FIRST, 0L), Map.of(SECOND, 5L))).isEmpty();
    }

    @Test
    void noticesATopicThatWasMadeAgain() {
        assertThat(EndedRecords.ended(Map.of(FIRST, 2L), Map.of(FIRST, 7L))).isEqualTo(Map.of(FIRST, 2L));
    }
}
