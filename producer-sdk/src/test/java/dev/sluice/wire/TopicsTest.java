package dev.sluice.wire;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class TopicsTest {
    private final Topics topics = new Topics("chat");

    @Test
    void listsInputsAndThenTheRest() {
        assertThat(topics.inputs())
                .containsExactly(
                        "chat.requests",
                        "chat.requests.express",
                        "chat.requests.retry",
                        "chat.requests.overflow",
                        "chat.requests.delay-10s",
                        "chat.requests.delay-1m",
                        "chat.requests.delay-10m",
                        "chat.requests.delay-1h");
        assertThat(topics.required()).startsWith(topics.inputs().toArray(String[]::new));
        assertThat(topics.required().subList(8, 10)).containsExactly("chat.requests.dead", "chat.replies");
    }

    @Test
    void repliesOfTheDoorReportsMarksAndPiecesAreNoInputsAndNotRequired() {
        assertThat(topics.doorReplies()).isEqualTo("chat.replies.door");
        assertThat(topics.batchReplies()).isEqualTo("chat.replies.batches");
        assertThat(topics.workers()).isEqualTo("chat.workers");
        assertThat(topics.all()).startsWith(topics.required().toArray(String[]::new));
        assertThat(topics.cancels()).isEqualTo("chat.cancels");
        assertThat(topics.streams()).isEqualTo("chat.streams");
        assertThat(topics.all().subList(10, 15))
                .containsExactly(
                        topics.doorReplies(),
                        topics.batchReplies(),
                        topics.workers(),
                        topics.cancels(),
                        topics.streams());
        assertThat(topics.all()).hasSize(15);
        assertThat(topics.all().subList(10, 15))
                .noneMatch(topics::isFromProducers)
                .allMatch(topic -> topics.tier(topic).isEmpty());
    }

    @Test
    void producersWriteToNoOverflow() {
        assertThat(topics.fromProducers()).containsExactly("chat.requests", "chat.requests.express");
        assertThat(topics.isFromProducers(topics.overflow())).isFalse();
    }

    @Test
    void aBundleHasEightPartitionsOfOverflowAndOneOfEachOtherInput() {
        assertThat(topics.inputs())
                .allSatisfy(input -> assertThat(topics.partitionsPerBundle(input))
                        .isEqualTo(input.equals(topics.overflow()) ? 8 : 1));
        assertThat(topics.partitionsOf(topics.retry(), 2))
                .containsExactly(new TopicPartition("chat.requests.retry", 2));
        assertThat(topics.partitionsOf(topics.overflow(), 2))
                .extracting(TopicPartition::partition)
                .containsExactly(16, 17, 18, 19, 20, 21, 22, 23);
    }

    @Test
    void everyPartitionBelongsToOneBundle() {
        for (String input : topics.inputs()) {
            for (int bundle = 0; bundle < 5; bundle++) {
                int expected = bundle;
                assertThat(topics.partitionsOf(input, bundle))
                        .allSatisfy(partition ->
                                assertThat(topics.bundleOf(partition)).isEqualTo(expected));
            }
        }
        assertThat(topics.bundleOf(new TopicPartition("chat.requests.overflow", 7)))
                .isZero();
        assertThat(topics.bundleOf(new TopicPartition("chat.requests.overflow", 8)))
                .isEqualTo(1);
    }

    /** Another queue's topic is no overflow of this one. */
    @Test
    void knowsItsOwnOverflowAlone() {
        assertThat(topics.partitionsPerBundle("bulk.requests.overflow")).isEqualTo(1);
    }
}
