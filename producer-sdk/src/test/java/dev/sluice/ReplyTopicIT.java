package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.BrokerSettings;
import dev.sluice.sandbox.SandboxBroker;
import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Changes the reply topic and its permissions while asks wait for their replies. */
@Timeout(90)
class ReplyTopicIT {
    private static final ChatRequest REQUEST = ChatRequest.ofJson("{\"model\":\"m\",\"messages\":[1]}");
    private static final AtomicInteger NAMES = new AtomicInteger();

    private static SandboxBroker broker;
    private static Admin admin;
    private String base;
    private ManualResponder responder;
    private ChatQueue queue;

    @BeforeAll
    static void start() {
        broker = SandboxBroker.start(BrokerSettings.defaults()
                .withProperty("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer")
                .withProperty("allow.everyone.if.no.acl.found", "true"));
        admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
    }

    @AfterAll
    static void stop() {
        admin.close();
        broker.close();
    }

    @BeforeEach
    void open() throws Exception {
        base = "chat-" + NAMES.incrementAndGet();
        responder = new ManualResponder(broker.bootstrapServers(), base);
        queue = queue();
    }

    @AfterEach
    void close() {
        queue.close();
        responder.close();
    }

    @Test
    void asksContinueWhilePartitionsAreAdded() throws Exception {
        CompletableFuture<ChatReply> before = queue.ask(REQUEST);
        List<ConsumerRecord<byte[], byte[]>> taken = responder.take(1);

        addPartitions(ManualResponder.PARTITIONS + 3);
        responder.reply(taken, "re ");
        assertThat(before.join().text()).startsWith("re ");

        Set<Integer> partitions = new HashSet<>();
        for (int i = 0;
                i < 60 && partitions.stream().noneMatch(partition -> partition >= ManualResponder.PARTITIONS);
                i++) {
            try (ChatQueue later = queue()) {
                CompletableFuture<ChatReply> after = later.ask(REQUEST);
                List<ConsumerRecord<byte[], byte[]>> request = responder.take(1);
                responder.reply(request, "re ");
                assertThat(after.join().text()).startsWith("re ");
                partitions.add(
                        WireHeaders.replyPartition(request.get(0).headers()).orElseThrow());
            }
        }
        assertThat(partitions).anyMatch(partition -> partition >= ManualResponder.PARTITIONS);
    }

    @Test
    void asksOutliveARevokedPermissionAndNewOnesFailAtOnceMeanwhile() throws Exception {
        CompletableFuture<ChatReply> waiting = queue.ask(REQUEST);
        List<ConsumerRecord<byte[], byte[]>> taken = responder.take(1);

        AclBinding denyRead = denyReading();
        responder.reply(taken, "re ");
        assertThatThrownBy(queue.ask(REQUEST)::join)
                .hasCauseInstanceOf(ChatQueueException.class)
                .hasMessageContaining("replies on topic " + base + ".replies can't be read (Not authorized")
                .hasMessageContaining("grant this client's user READ on the topic");
        assertThat(waiting).isNotDone();

        admin.deleteAcls(Set.of(denyRead.toFilter())).all().get();
        assertThat(waiting.join().text()).startsWith("re ");
        await().untilAsserted(() -> askAndReply());
    }

    @Test
    void asksFailIfTheirRepliesWereDeletedUnread() throws Exception {
        CompletableFuture<ChatReply> missed = queue.ask(REQUEST);
        List<ConsumerRecord<byte[], byte[]>> taken = responder.take(1);
        TopicPartition partition = replyPartition(taken.get(0));

        AclBinding denyRead = denyReading();
        responder.reply(taken, "re ");
        admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(-1)))
                .all()
                .get();
        admin.deleteAcls(Set.of(denyRead.toFilter())).all().get();

        assertThatThrownBy(missed::join)
                .hasCauseInstanceOf(ChatQueueException.class)
                .hasMessageContaining("replies on " + partition + " were deleted before they could be read");
        await().untilAsserted(() -> askAndReply());
    }

    @Test
    void asksFailIfTheReplyTopicWasMadeAnew() throws Exception {
        askAndReply();
        CompletableFuture<ChatReply> missed = queue.ask(REQUEST);
        responder.take(1);

        deleteReplyTopic();
        admin.createTopics(List.of(new NewTopic(base + ".replies", ManualResponder.PARTITIONS, (short) 1)))
                .all()
                .get();

        assertThatThrownBy(missed::join)
                .hasCauseInstanceOf(ChatQueueException.class)
                .hasMessageContaining("were deleted before they could be read, from offset 2 on");
        await().untilAsserted(() -> askAndReply());
    }

    @Test
    void aDeletedReplyTopicIsNoticed() throws Exception {
        QueueSettings settings =
                ChatQueue.builder().bootstrapServers(broker.bootstrapServers()).settings();
        try (PartitionTail tail = new PartitionTail(
                base + ".replies",
                "the topic is not there",
                () -> new KafkaConsumer<>(
                        ClientProperties.inbox(settings), new ByteArrayDeserializer(), new ByteArrayDeserializer()),
                new Random(1),
                System::nanoTime,
                Duration.ofSeconds(10))) {
            assertThat(tail.poll(Duration.ofMillis(100))).isEmpty();

            deleteReplyTopic();

            await().untilAsserted(() -> assertThatThrownBy(() -> tail.poll(Duration.ofMillis(100)))
                    .isInstanceOf(ChatQueueException.class)
                    .hasMessage("the topic is not there"));
        }
    }

    @Test
    void aReplyConsumerNamesAMissingTopic() {
        try (ReplyConsumer replies = ReplyConsumer.builder()
                .bootstrapServers(broker.bootstrapServers())
                .topic("mistyped")
                .group(base)
                .handler(reply -> {})
                .start()) {
            assertThat(replies.stopped())
                    .failsWithin(Duration.ofSeconds(20))
                    .withThrowableThat()
                    .withMessageContaining("reply topic mistyped.replies does not exist; run `sluice topics create");
        }
    }

    @Test
    void aReplyConsumerReadsAddedPartitions() throws Exception {
        List<String> seen = new CopyOnWriteArrayList<>();
        try (ReplyConsumer replies = ReplyConsumer.builder()
                .bootstrapServers(broker.bootstrapServers())
                .topic(base)
                .group(base)
                .kafkaProperty("metadata.max.age.ms", "500")
                .handler(reply -> seen.add(reply.id()))
                .start()) {
            addPartitions(ManualResponder.PARTITIONS + 3);
            responder.replyOnEach(ManualResponder.PARTITIONS + 3);
            await().atMost(Duration.ofSeconds(30)).until(() -> seen.size() >= ManualResponder.PARTITIONS + 3);
            assertThat(replies.failure()).isEmpty();
        }
    }

    @Test
    void recordsWithoutOwnCorrelationIdAreIgnored() {
        CompletableFuture<ChatReply> waiting = queue.ask(REQUEST);
        List<ConsumerRecord<byte[], byte[]>> taken = responder.take(1);

        responder.replyOnEach(ManualResponder.PARTITIONS);
        assertThat(waiting).isNotDone();
        responder.reply(taken, "re ");

        assertThat(waiting.join().text()).startsWith("re ");
    }

    private void askAndReply() {
        CompletableFuture<ChatReply> reply = queue.ask(REQUEST, Duration.ofSeconds(10));
        await().until(() -> {
            responder.reply(responder.takeAll(), "re "); // includes requests of asks that failed
            return reply.isDone();
        });
        assertThat(reply).isCompletedWithValueMatching(answer -> answer.text().startsWith("re "));
    }

    private TopicPartition replyPartition(ConsumerRecord<byte[], byte[]> request) {
        return new TopicPartition(
                base + ".replies", WireHeaders.replyPartition(request.headers()).orElseThrow());
    }

    private void deleteReplyTopic() throws Exception {
        admin.deleteTopics(List.of(base + ".replies")).all().get();
        await().until(() -> !admin.listTopics().names().get().contains(base + ".replies"));
    }

    private void addPartitions(int partitions) throws Exception {
        admin.createPartitions(Map.of(base + ".replies", NewPartitions.increaseTo(partitions)))
                .all()
                .get();
        await().until(() -> admin.describeTopics(List.of(base + ".replies"))
                        .allTopicNames()
                        .get()
                        .get(base + ".replies")
                        .partitions()
                        .size()
                == partitions);
    }

    /** Denies reading the reply topic and waits until the queue has noticed. */
    private AclBinding denyReading() throws Exception {
        AclBinding denyRead = acl(AclOperation.READ, AclPermissionType.DENY);
        List<AclBinding> acls = new ArrayList<>(List.of(denyRead));
        for (AclOperation allowed :
                List.of(AclOperation.READ, AclOperation.WRITE, AclOperation.DESCRIBE, AclOperation.DELETE)) {
            acls.add(acl(allowed, AclPermissionType.ALLOW));
        }
        admin.createAcls(acls).all().get();
        await().until(() -> queue.ask(REQUEST, Duration.ofMillis(300))
                .handle((reply, failure) -> !(failure instanceof ReplyTimeoutException))
                .join());
        return denyRead;
    }

    private AclBinding acl(AclOperation operation, AclPermissionType type) {
        return new AclBinding(
                new ResourcePattern(ResourceType.TOPIC, base + ".replies", PatternType.LITERAL),
                new AccessControlEntry("User:ANONYMOUS", "*", operation, type));
    }

    private ChatQueue queue() {
        return ChatQueue.builder()
                .bootstrapServers(broker.bootstrapServers())
                .topic(base)
                .kafkaProperty("metadata.max.age.ms", "500")
                .build();
    }
}
