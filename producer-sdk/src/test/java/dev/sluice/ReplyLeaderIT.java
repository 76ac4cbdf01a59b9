package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.wire.WireHeaders;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.Node;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Takes the leader away from the partition that asks read their replies from. */
@Timeout(120)
class ReplyLeaderIT {
    private static final ChatRequest REQUEST = ChatRequest.ofJson("{\"model\":\"m\",\"messages\":[1]}");

    @TempDir
    static Path folder;

    private static BrokerPair brokers;
    private static Admin admin;
    private static ManualResponder responder;

    @BeforeAll
    static void start() throws Exception {
        brokers = BrokerPair.start(folder);
        admin = Admin.create(Map.of("bootstrap.servers", brokers.bootstrapServers()));
        responder = new ManualResponder(brokers.bootstrapServers(), "chat", List.of(BrokerPair.FIRST));
    }

    @AfterAll
    static void stop() {
        responder.close();
        admin.close();
        brokers.close();
    }

    @Test
    void asksOutliveTheirPartitionsLeader() throws Exception {
        String followed = "chat.followed";
        String lone = "chat.lone";
        create(followed, List.of(BrokerPair.SECOND, BrokerPair.FIRST));
        create(lone, List.of(BrokerPair.SECOND));

        try (ChatQueue failover = queue(followed);
                ChatQueue waiting = queue(lone)) {
            List<CompletableFuture<ChatReply>> moved = asks(failover);
            List<CompletableFuture<ChatReply>> stranded = asks(waiting);
            List<ConsumerRecord<byte[], byte[]>> requests = responder.take(40);
            responder.reply(repliedTo(followed, requests).subList(0, 10), "re ");

            brokers.killSecond();
            await().atMost(Duration.ofSeconds(30)).until(() -> leader(followed) == BrokerPair.FIRST);
            responder.reply(repliedTo(followed, requests).subList(10, 20), "re ");
            assertThat(moved).allSatisfy(reply -> assertThat(reply.join().ok()).isTrue());
            await().atMost(Duration.ofSeconds(30)).until(() -> leader(lone) < 0);
            assertThat(stranded).noneMatch(CompletableFuture::isDone);

            brokers.startSecondAgain();
            responder.reply(repliedTo(lone, requests), "re ");
            assertThat(stranded)
                    .allSatisfy(reply -> assertThat(reply.join().ok()).isTrue());
        }
    }

    private static void create(String topic, List<Integer> replicas) throws Exception {
        admin.createTopics(List.of(new NewTopic(topic, Map.of(0, replicas))))
                .all()
                .get();
    }

    private static ChatQueue queue(String replies) {
        return ChatQueue.builder()
                .bootstrapServers(brokers.bootstrapServers())
                .replyTopic(replies)
                .build();
    }

    private static List<CompletableFuture<ChatReply>> asks(ChatQueue queue) {
        return Stream.generate(() -> queue.ask(REQUEST)).limit(20).toList();
    }

    private static List<ConsumerRecord<byte[], byte[]>> repliedTo(
            String topic, List<ConsumerRecord<byte[], byte[]>> requests) {
        return requests.stream()
                .filter(request -> WireHeaders.text(request.headers(), WireHeaders.REPLY_TOPIC)
                        .orElseThrow()
                        .equals(topic))
                .toList();
    }

    /** Returns the broker that leads the topic's only partition, or a negative number if none does. */
    private static int leader(String topic) throws Exception {
        Node leader = admin.describeTopics(List.of(topic))
                .allTopicNames()
                .get()
                .get(topic)
                .partitions()
                .get(0)
                .leader();
        return leader == null ? -1 : leader.id();
    }
}
