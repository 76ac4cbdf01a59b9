package dev.sluice.worker.status;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.settle.AckRuns;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class CommittedOffsetsTest {
    private static final TopicPartition PARTITION = new TopicPartition("chat.requests", 3);

    private final List<String> problems = new ArrayList<>();

    @Test
    void withoutACommitEverythingIsOpen() {
        OpenRange span = new CommittedOffsets(Map.of()).openRange(PARTITION, 5, 9, problems);

        assertThat(span.atMost()).isEqualTo(4);
        assertThat(span.isOpen(5)).isTrue();
        assertThat(span.isOpen(9)).isFalse();
        assertThat(problems).isEmpty();
    }

    @Test
    void requestsThatEndedOutOfOrderAreNotOpen() {
        OpenRange span = span(10, AckRuns.of(12, 15, 17, 18).encode(10), 0, 20);

        assertThat(span.lag()).isEqualTo(10);
        assertThat(span.endedAhead()).isEqualTo(4);
        assertThat(span.atMost()).isEqualTo(6);
        assertThat(span.isOpen(13)).isFalse();
        assertThat(problems).isEmpty();
    }

    @Test
    void nothingIsOpenIfTheEndIsBehindTheCommit() {
        assertThat(span(10, "", 0, 8).atMost()).isZero();
    }

    @Test
    void requestsDeletedBeforeTheyEndedAreReported() {
        OpenRange span = span(10, AckRuns.of(12, 15).encode(10), 14, 20);

        assertThat(span.atMost()).isEqualTo(5);
        assertThat(problems).singleElement().asString().contains("chat.requests-3", "deleted up to 2 requests");
    }

    @Test
    void foreignMetadataIsReported() {
        assertThat(span(10, "somebody else's", 0, 20).atMost()).isEqualTo(10);
        assertThat(problems).singleElement().asString().contains("not a worker's");
    }

    @Test
    void damagedMetadataIsReported() {
        assertThat(span(11, AckRuns.of(12, 15).encode(10), 0, 20).atMost()).isEqualTo(9);
        assertThat(problems).singleElement().asString().contains("damaged or another release's");
    }

    private OpenRange span(long committed, String metadata, long begin, long end) {
        OffsetAndMetadata offset = new OffsetAndMetadata(committed, metadata);
        return new CommittedOffsets(Map.of(PARTITION, offset)).openRange(PARTITION, begin, end, problems);
    }
}
