package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class ReplyLoopTest {
    private static final String TOPIC = "chat.replies";
    private static final TopicPartition P0 = new TopicPartition(TOPIC, 0);
    private static final TopicPartition P1 = new TopicPartition(TOPIC, 1);

    private final FailingCommits consumer = new FailingCommits();
    private final AtomicLong nanos = new AtomicLong();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final List<String> seen = new ArrayList<>();
    private final Set<String> failing = new HashSet<>();

    @Test
    void handlesInOrderAndCommitsAfterEachRun() throws Exception {
        ReplyLoop loop = subscribed(2, FailurePolicy.STOP);
        add(P0, 0, "a");
        add(P0, 1, "b");
        add(P1, 0, "c");

        loop.runOnce();

        assertThat(seen).containsSubsequence("a", "b").contains("c");
        assertThat(committed()).containsEntry(P0, 2L).containsEntry(P1, 1L);
    }

    @Test
    void pausesThePartitionOfAFailedReplyWhileTheOthersContinue() throws Exception {
        ReplyLoop loop = subscribed(2, FailurePolicy.STOP);
        failing.add("b");
        add(P0, 0, "a");
        add(P0, 1, "b");
        add(P0, 2, "c");
        add(P1, 0, "x");
        loop.runOnce();
        assertThat(seen).containsExactlyInAnyOrder("a", "b", "x");
        assertThat(committed()).containsEntry(P0, 1L).containsEntry(P1, 1L);

        add(P1, 1, "y");
        loop.runOnce();
        assertThat(seen).endsWith("y").hasSize(4);
        assertThat(committed()).containsEntry(P0, 1L).containsEntry(P1, 2L);

        failing.clear();
        later(Duration.ofMillis(250));
        add(P0, 1, "b");
        add(P0, 2, "c");
        loop.runOnce();
        assertThat(seen).endsWith("b", "c").hasSize(6);
        assertThat(committed()).containsEntry(P0, 3L);
    }

    @Test
    void stopsWithTheReplyUncommittedAfterTheLastRetry() throws Exception {
        ReplyLoop loop = subscribed(1, FailurePolicy.STOP);
        failing.add("b");
        add(P0, 0, "a");
        add(P0, 1, "b");
        loop.runOnce();
        later(Duration.ofMinutes(1));
        add(P0, 1, "b");

        assertThatThrownBy(loop::runOnce)
                .isInstanceOf(ChatQueueException.class)
                .hasMessage("the handler failed on the reply to request b at chat.replies-0@1 2 times;"
                        + " it is delivered again at the next start")
                .hasRootCauseMessage("failed on b");
        loop.close();

        assertThat(committed()).containsEntry(P0, 1L);
        assertThat(consumer.closed()).isTrue();
    }

    @Test
    void skipsTheReplyAfterTheLastRetryUnderPolicySkip() throws Exception {
        ReplyLoop loop = subscribed(0, FailurePolicy.SKIP);
        failing.add("a");
        add(P0, 0, "a");
        add(P0, 1, "b");

        loop.runOnce();

        assertThat(seen).containsExactly("a", "b");
        assertThat(committed()).containsEntry(P0, 2L);
    }

    @Test
    void finishesOnlyTheCurrentReplyWhenClosing() throws Exception {
        ReplyLoop loop = loop(0, FailurePolicy.STOP, reply -> {
            seen.add(reply.id());
            closing.set(true);
        });
        add(P0, 0, "a");
        add(P0, 1, "b");
        add(P1, 0, "c");

        loop.runOnce();
        loop.close();

        assertThat(seen).hasSize(1);
        assertThat(consumer.last.values().stream()
                        .mapToLong(OffsetAndMetadata::offset)
                        .sum())
                .isEqualTo(1);
    }

    @Test
    void commitsAgainAfterAFailedCommit() throws Exception {
        ReplyLoop loop = subscribed(0, FailurePolicy.STOP);
        consumer.failNext = true;
        add(P0, 0, "a");

        loop.runOnce();
        assertThat(committed()).doesNotContainKey(P0);
        loop.runOnce();

        assertThat(committed()).containsEntry(P0, 1L);
        assertThat(seen).containsExactly("a");
    }

    @Test
    void forgetsLostPartitions() throws Exception {
        ReplyLoop loop = subscribed(1, FailurePolicy.STOP);
        failing.add("a");
        consumer.failNext = true;
        add(P0, 0, "a");
        add(P1, 0, "x");
        loop.runOnce();

        loop.onPartitionsLost(List.of(P0, P1));
        later(Duration.ofMinutes(1));
        loop.runOnce();

        assertThat(committed()).isEmpty();
    }

    @Test
    void namesATopicThatDoesNotExist() {
        ReplyLoop loop = new ReplyLoop(
                consumer,
                ReplyConsumer.builder().group("g").handler(reply -> {}).settings(),
                nanos::get,
                closing::get);

        assertThatThrownBy(loop::runOnce)
                .isInstanceOf(ChatQueueException.class)
                .hasMessageContaining("reply topic chat.replies does not exist; run `sluice topics create`");
    }

    @Test
    void doublesThePauseUpToTenSeconds() {
        assertThat(HandlerFailures.pause(1)).isEqualTo(Duration.ofMillis(250));
        assertThat(HandlerFailures.pause(2)).isEqualTo(Duration.ofMillis(500));
        assertThat(HandlerFailures.pause(7)).isEqualTo(Duration.ofSeconds(10));
        assertThat(HandlerFailures.pause(Integer.MAX_VALUE)).isEqualTo(Duration.ofSeconds(10));
    }

    private ReplyLoop subscribed(int retries, FailurePolicy policy) throws InterruptedException {
        return loop(retries, policy, reply -> {
            seen.add(reply.id());
            if (failing.contains(reply.id())) {
                throw new IllegalStateException("failed on " + reply.id());
            }
        });
    }

    private ReplyLoop loop(int retries, FailurePolicy policy, ReplyHandler handler) throws InterruptedException {
        ReplyConsumerSettings settings = ReplyConsumer.builder()
                .group("g")
                .handler(handler)
                .retries(retries)
                .onFailure(policy)
                .settings();
        ReplyLoop loop = new ReplyLoop(consumer, settings, nanos::get, closing::get);
        Node node = new Node(0, "localhost", 9092);
        consumer.updatePartitions(
                TOPIC, List.of(new PartitionInfo(TOPIC, 0, node, new Node[] {node}, new Node[] {node})));
        loop.runOnce();
        consumer.rebalance(List.of(P0, P1));
        consumer.updateBeginningOffsets(new HashMap<>(Map.of(P0, 0L, P1, 0L)));
        return loop;
    }

    private void add(TopicPartition partition, long offset, String id) {
        consumer.addRecord(SampleReplyRecords.ok(TOPIC, partition.partition(), offset, id));
    }

    private void later(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    private Map<TopicPartition, Long> committed() {
        Map<TopicPartition, Long> committed = new HashMap<>();
        consumer.last.forEach((partition, offset) -> committed.put(partition, offset.offset()));
        return committed;
    }

    /** Records the committed offsets and can fail one commit. */
    private static final class FailingCommits extends MockConsumer<byte[], byte[]> {
        private final Map<TopicPartition, OffsetAndMetadata> last = new HashMap<>();
        private boolean failNext;

        FailingCommits() {
            super("earliest");
        }

        @Override
        public synchronized void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
            if (failNext) {
                failNext = false;
                throw new CommitFailedException();
            }
            last.putAll(offsets);
        }
    }
}
