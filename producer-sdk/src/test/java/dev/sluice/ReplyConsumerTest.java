package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ReplyConsumerTest {
    private static final TopicPartition P0 = new TopicPartition("chat.replies", 0);

    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");

    @Test
    void stopsNormallyOnClose() {
        ReplyConsumer replies = start(reply -> {}, Duration.ofSeconds(10));
        assertThat(replies.failure()).isEmpty();
        assertThat(replies.stopped()).isNotDone();

        replies.close();
        replies.close();

        assertThat(replies.stopped()).isCompleted();
        assertThat(replies.failure()).isEmpty();
        assertThat(consumer.closed()).isTrue();
    }

    @Test
    void reportsTheFailureThatStoppedIt() {
        consumer.setPollException(new SaslAuthenticationException("no"));

        ReplyConsumer replies = start(reply -> {}, Duration.ofSeconds(10));

        assertThatThrownBy(replies.stopped()::join).hasCauseInstanceOf(SaslAuthenticationException.class);
        assertThat(replies.failure()).containsInstanceOf(SaslAuthenticationException.class);
        assertThat(consumer.closed()).isTrue();
        replies.close();
    }

    @Test
    void namesTheMissingRight() {
        assertThat(stoppedBy(new TopicAuthorizationException(Set.of("chat.replies"))))
                .hasMessageContaining("give this user Read on topic chat.replies");
        assertThat(stoppedBy(GroupAuthorizationException.forGroupId("g")))
                .hasMessageContaining("give this user Read on consumer group 'g'");
    }

    private Throwable stoppedBy(KafkaException rejection) {
        MockConsumer<byte[], byte[]> rejected = new MockConsumer<>("earliest");
        rejected.setPollException(rejection);
        ReplyConsumer replies = start(rejected, reply -> {}, Duration.ofSeconds(10));
        assertThatThrownBy(replies.stopped()::join).hasRootCause(rejection);
        return replies.failure().orElseThrow();
    }

    @Test
    void continuesAfterARetriableError() {
        consumer.setPollException(new DisconnectException("away"));
        CountDownLatch handled = new CountDownLatch(1);
        ReplyConsumer replies = start(reply -> handled.countDown(), Duration.ofSeconds(10));

        assignWithOneReply();

        Awaitility.await().until(() -> handled.getCount() == 0);
        replies.close();
        assertThat(replies.failure()).isEmpty();
    }

    @Test
    void interruptsAHandlerAfterTheCloseTimeout() {
        CountDownLatch handling = new CountDownLatch(1);
        ReplyConsumer replies = start(
                reply -> {
                    handling.countDown();
                    new CountDownLatch(1).await();
                },
                Duration.ofMillis(50));
        assignWithOneReply();
        Awaitility.await().until(() -> handling.getCount() == 0);

        replies.close();

        assertThatThrownBy(replies.stopped()::join).hasCauseInstanceOf(InterruptedException.class);
    }

    private ReplyConsumer start(ReplyHandler handler, Duration closeTimeout) {
        return start(consumer, handler, closeTimeout);
    }

    private static ReplyConsumer start(
            MockConsumer<byte[], byte[]> consumer, ReplyHandler handler, Duration closeTimeout) {
        Node node = new Node(0, "localhost", 9092);
        Node[] nodes = {node};
        consumer.updatePartitions(P0.topic(), List.of(new PartitionInfo(P0.topic(), 0, node, nodes, nodes)));
        ReplyConsumerSettings settings = ReplyConsumer.builder()
                .group("g")
                .handler(handler)
                .closeTimeout(closeTimeout)
                .settings();
        return new ReplyConsumer(settings, () -> consumer, System::nanoTime).start();
    }

    private void assignWithOneReply() {
        consumer.schedulePollTask(() -> {
            consumer.rebalance(List.of(P0));
            consumer.updateBeginningOffsets(new HashMap<>(Map.of(P0, 0L)));
            consumer.addRecord(SampleReplyRecords.ok("chat.replies", 0, 0, "a"));
        });
    }
}
