package dev.sluice.worker.settle;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class DoneOffsetsTest {
    private static final TopicPartition FIRST = new TopicPartition("in", 0);
    private static final TopicPartition SECOND = new TopicPartition("in", 1);

    @Test
    void aTransactionWhoseOffsetsAreCommittedExactlyHasLanded() {
        assertThat(landed(done(5, 7, 9), done(5, 7, 9))).isTrue();
    }

    @Test
    void aTransactionWhoseOffsetsAreNotCommittedHasNotLanded() {
        assertThat(landed(done(5), done(4))).isFalse();
        assertThat(landed(done(5, 7, 9), done(5))).isFalse();
        assertThat(landed(done(5, 7, 9), done(5, 7, 8))).isFalse();
        assertThat(landed(done(5, 7, 9), done(5, 8, 9))).isFalse();
        assertThat(landed(done(5, 7, 9, 11, 12), done(5, 7, 9, 12, 13))).isFalse();
        assertThat(landed(done(5, 7, 9), done(8))).isFalse();
    }

    @Test
    void aTransactionHasNotLandedIfNothingIsCommitted() {
        Map<TopicPartition, OffsetAndMetadata> without = new HashMap<>();
        without.put(FIRST, null);

        assertThat(DoneOffsets.landed(Map.of(FIRST, done(1)), without)).isFalse();
        assertThat(DoneOffsets.landed(Map.of(FIRST, done(1)), Map.of())).isFalse();
    }

    @Test
    void aTransactionHasLandedIfAnotherOwnerHasCommittedFurther() {
        assertThat(landed(done(5, 7, 9), done(6, 7, 9))).isTrue();
        assertThat(landed(done(5, 7, 9), done(9))).isTrue();
        assertThat(landed(done(5, 7, 9), done(8, 10, 12))).isFalse();
        assertThat(landed(done(5, 7, 9), done(5, 6, 10, 20, 30))).isTrue();
        assertThat(landed(done(5, 7, 9), done(100))).isTrue();
    }

    /** The first partition has moved to another worker, which came to the same end with its own transaction. */
    @Test
    void onePartitionThatLooksTheSameProvesNothingForTheOthers() {
        assertThat(DoneOffsets.landed(Map.of(FIRST, done(1), SECOND, done(8)), Map.of(FIRST, done(1), SECOND, done(7))))
                .isFalse();
    }

    /** The first partition was staged only to move its offset past markers, which was done already. */
    @Test
    void aPartitionThatDidNotMoveProvesNothingForTheOthers() {
        Map<TopicPartition, OffsetAndMetadata> ours = Map.of(FIRST, done(3), SECOND, done(8, 9, 10));

        assertThat(DoneOffsets.landed(ours, Map.of(FIRST, done(3), SECOND, done(8))))
                .isFalse();
        assertThat(DoneOffsets.landed(ours, Map.of(FIRST, done(3), SECOND, done(8, 9, 10))))
                .isTrue();
    }

    @Test
    void onePartitionThatWentFurtherElsewhereDoesNotHideThatTheTransactionLanded() {
        assertThat(DoneOffsets.landed(
                        Map.of(FIRST, done(1), SECOND, done(8)), Map.of(FIRST, done(40, 50, 60), SECOND, done(8))))
                .isTrue();
    }

    @Test
    void foreignMetadataSaysNothingButTheOffsetCounts() {
        assertThat(landed(done(5), new OffsetAndMetadata(5, "another tool's"))).isTrue();
        assertThat(landed(done(5, 7, 9), new OffsetAndMetadata(5, "another tool's")))
                .isFalse();
    }

    @Test
    void metadataOfAnotherReleaseLeavesTheDecisionToTheOtherPartitions() {
        OffsetAndMetadata newer = new OffsetAndMetadata(5, "sluice:" + "/w");
        Map<TopicPartition, OffsetAndMetadata> ours = Map.of(FIRST, done(5), SECOND, done(8));

        assertThat(AckRuns.decode(newer.metadata(), 5)).isInstanceOf(AckRuns.UnknownVersion.class);
        assertThat(DoneOffsets.landed(ours, Map.of(FIRST, newer, SECOND, done(8))))
                .isTrue();
        assertThat(DoneOffsets.landed(ours, Map.of(FIRST, newer, SECOND, done(7))))
                .isFalse();
    }

    private static boolean landed(OffsetAndMetadata ours, OffsetAndMetadata committed) {
        return DoneOffsets.landed(Map.of(FIRST, ours), Map.of(FIRST, committed));
    }

    private static OffsetAndMetadata done(long offset, long... runs) {
        return new OffsetAndMetadata(offset, AckRuns.of(runs).encode(offset));
    }
}
