package dev.sluice;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(90)
class ChatQueueIT {
    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private static final ChatRequest REQUEST = ChatRequest.ofJson("{\"model\":\"m\",\"messages\":[1]}");

    private String base;
    private ManualResponder responder;
    private ChatQueue queue;

    @BeforeEach
    void open() throws Exception {
        base = kafka.uniqueName("chat");
        responder = new ManualResponder(kafka.bootstrapServers(), base);
        queue = queue();
    }

    @AfterEach
    void close() {
        queue.close();
        responder.close();
    }

    @Test
    void publishesARequestByteForByte() {
        String body = " {\"model\" : \"m\",\"messages\":[{\"role\":\"user\",\"content\":\"\\u00e9 ☀\"}], \"x\":1.50} ";
        Instant before = Instant.now().minusSeconds(1);

        Receipt receipt = queue.submit(
                        ChatRequest.jsonBuilder(body).tenant("t").key("k").build())
                .join();

        ConsumerRecord<byte[], byte[]> stored = responder.take(1).get(0);
        assertThat(stored.value()).isEqualTo(body.getBytes(UTF_8));
        assertThat(stored.key()).isEqualTo(new byte[] {'k'});
        assertThat(WireHeaders.text(stored.headers(), WireHeaders.ID)).contains(receipt.id());
        assertThat(WireHeaders.text(stored.headers(), WireHeaders.TENANT)).contains("t");
        assertThat(receipt.topic()).isEqualTo(base + ".requests");
        assertThat(receipt.partition()).isEqualTo(stored.partition());
        assertThat(receipt.offset()).isEqualTo(stored.offset());
        assertThat(receipt.timestamp())
                .isEqualTo(Instant.ofEpochMilli(stored.timestamp()))
                .isAfter(before);
    }

    @Test
    void explainsARecordThatIsTooLargeForTheTopic() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
            ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, base + ".requests");
            AlterConfigOp small =
                    new AlterConfigOp(new ConfigEntry("max.message.bytes", "500"), AlterConfigOp.OpType.SET);
            admin.incrementalAlterConfigs(Map.of(topic, Set.of(small))).all().get();
        }
        ChatRequest large =
                ChatRequest.builder().model("m").user("x".repeat(1_000)).build();

        assertThatThrownBy(queue.submit(large)::join)
                .hasCauseInstanceOf(ChatQueueException.class)
                .hasMessageContaining("its body of 1055 bytes is too large");
    }

    @Test
    void ignoresAbortedReplies() {
        CompletableFuture<ChatReply> reply = queue.ask(REQUEST);
        List<ConsumerRecord<byte[], byte[]>> taken = responder.take(1);

        responder.replyAndAbort(taken, "aborted ");
        responder.reply(taken, "answer to ");

        String id = WireHeaders.text(taken.get(0).headers(), WireHeaders.ID).orElseThrow();
        assertThat(reply.join().text()).isEqualTo("answer to " + id);
    }

    @Test
    void matchesManyAsksInFlightWithTheirReplies() {
        List<CompletableFuture<ChatReply>> replies = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            replies.add(queue.ask(
                    ChatRequest.jsonBuilder(REQUEST.body()).id("ask-" + i).build()));
        }

        responder.reply(responder.take(200), "re ");

        for (int i = 0; i < 200; i++) {
            assertThat(replies.get(i).join().text()).isEqualTo("re ask-" + i);
        }
    }

    @Test
    void keepsRepliesOfInstancesApart() {
        try (ChatQueue second = queue();
                ChatQueue third = queue();
                ChatQueue fourth = queue()) {
            List<ChatQueue> queues = List.of(queue, second, third, fourth);
            List<CompletableFuture<ChatReply>> replies = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                replies.add(queues.get(i % 4)
                        .ask(ChatRequest.jsonBuilder(REQUEST.body())
                                .id("ask-" + i)
                                .build()));
            }

            responder.reply(responder.take(40), "re ");

            for (int i = 0; i < 40; i++) {
                assertThat(replies.get(i).join().id()).isEqualTo("ask-" + i);
            }
        }
    }

    @Test
    void dropsALateReplyAndContinues() {
        CompletableFuture<ChatReply> first = queue.ask(REQUEST);
        responder.reply(responder.take(1), "first ");
        assertThat(first.join().text()).startsWith("first ");
        CompletableFuture<ChatReply> late = queue.ask(REQUEST, Duration.ofMillis(300));
        List<ConsumerRecord<byte[], byte[]>> taken = responder.take(1);
        String id = WireHeaders.text(taken.get(0).headers(), WireHeaders.ID).orElseThrow();
        assertThatThrownBy(late::join)
                .hasCauseInstanceOf(ReplyTimeoutException.class)
                .hasMessageContaining("no reply to request " + id);

        responder.reply(taken, "late ");
        CompletableFuture<ChatReply> next = queue.ask(REQUEST);
        responder.reply(responder.take(1), "in time ");

        assertThat(next.join().text()).startsWith("in time ");
    }

    @Test
    void sendsSubmittedRequestsBeforeItCloses() {
        ChatQueue slow = ChatQueue.builder()
                .bootstrapServers(kafka.bootstrapServers())
                .topic(base)
                .kafkaProperty("linger.ms", "60000")
                .build();
        List<CompletableFuture<Receipt>> receipts = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            receipts.add(slow.submit(REQUEST));
        }

        slow.close();

        assertThat(receipts).allSatisfy(receipt -> assertThat(receipt).isCompleted());
        assertThat(responder.take(50)).hasSize(50);
    }

    @Test
    void failsWithinMaxBlockIfNoBrokerIsReached() {
        try (ChatQueue nowhere = ChatQueue.builder()
                .bootstrapServers("localhost:1")
                .kafkaProperty("max.block.ms", "500")
                .closeTimeout(Duration.ofMillis(100))
                .build()) {
            assertThatThrownBy(nowhere.submit(REQUEST)::join)
                    .hasCauseInstanceOf(ChatQueueException.class)
                    .hasMessageContaining("no answer from Kafka at localhost:1");
        }
    }

    private ChatQueue queue() {
        return ChatQueue.builder()
                .bootstrapServers(kafka.bootstrapServers())
                .topic(base)
                .build();
    }
}
