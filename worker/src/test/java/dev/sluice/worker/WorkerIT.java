package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static dev.sluice.worker.TestQueue.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.sluice.sandbox.ApiFault;
import dev.sluice.sandbox.FaultRule;
import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.Topics.Tier;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.kafka.KafkaClients;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests the way of a request through workers, on a real Kafka and over real HTTP. */
class WorkerIT {
    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private TestQueue queue;
    private TogetherStandIn api;

    @BeforeEach
    void open() throws Exception {
        queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
        api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY));
    }

    @AfterEach
    void close() {
        api.close();
        queue.close();
    }

    @Test
    void passesBodiesByteForByte() throws Exception {
        String value = "{ \"messages\" : [{\"role\":\"user\",\"content\":\"h\\u00e4llo\"}],\n"
                + "\"new_field\":[1.50], \"model\":\"m\" }";

        RecordMetadata published = queue.publish(value);
        ConsumerRecord<byte[], byte[]> reply;
        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            reply = queue.awaitReplies(1).get(0);
        }

        assertThat(new String(api.lastRequest().orElseThrow().body(), UTF_8)).isEqualTo(value);
        assertThat(header(reply, WireHeaders.STATUS)).isEqualTo("ok");
        assertThat(header(reply, WireHeaders.ID))
                .isEqualTo(queue.topics.requests() + "-" + published.partition() + "@" + published.offset());
        assertThat(new String(reply.value(), UTF_8)).startsWith("{").contains("\"choices\"");
    }

    @Test
    void repliesWithTheApisBodyByteForByte() throws Exception {
        byte[] answer = "{ \"choices\" : [ {\"x\":1.50e0} ],\n\"new\":\"h\\u00e4\" } \n".getBytes(UTF_8);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.start();

        queue.publish(body("m", "anything"));
        String baseUrl = "http://localhost:" + server.getAddress().getPort();
        try (Worker worker = Worker.start(queue.config(baseUrl))) {
            assertThat(queue.awaitReplies(1).get(0).value()).isEqualTo(answer);
        } finally {
            server.stop(0);
        }
    }

    @Test
    void answersEveryRequestOnceAndLeavesNoLag() throws Exception {
        int requests = 300;
        for (int i = 0; i < requests; i++) {
            queue.publish(body("m", "question " + i));
        }

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            queue.awaitReplies(requests);
            await().atMost(Duration.ofSeconds(10)).until(() -> queue.lag() == 0);
        }

        List<ConsumerRecord<byte[], byte[]>> replies = queue.read(queue.topics.replies());
        Set<String> ids =
                replies.stream().map(reply -> header(reply, WireHeaders.ID)).collect(Collectors.toSet());
        assertThat(replies).hasSize(requests);
        assertThat(ids).hasSize(requests);
        assertThat(api.calls()).isEqualTo(requests);
    }

    @Test
    void callsARateLimitedRequestAgainWhenTheApiSaysNotBefore() throws Exception {
        String text = "patience [stand-in: status=429 reset=2 times=1]";

        long before = System.currentTimeMillis();
        queue.publish(body("m", text));
        ConsumerRecord<byte[], byte[]> reply;
        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            reply = queue.awaitReplies(1).get(0);
        }

        ConsumerRecord<byte[], byte[]> retry = queue.read(queue.topics.retry()).get(0);
        long notBefore = Long.parseLong(header(retry, WireHeaders.NOT_BEFORE));
        long first = api.history().get(0).epochMillis();
        long second = api.history().get(1).epochMillis();
        assertThat(notBefore - first).isBetween(1_950L, 3_500L);
        assertThat(header(retry, WireHeaders.DEFERRALS)).isEqualTo("1");
        assertThat(header(retry, WireHeaders.ATTEMPTS)).isEqualTo("0");
        assertThat(header(retry, WireHeaders.LAST_ERROR)).startsWith("429");
        assertThat(second).isGreaterThanOrEqualTo(notBefore);
        assertThat(header(reply, WireHeaders.STATUS)).isEqualTo("ok");
        assertThat(header(reply, WireHeaders.DEFERRALS)).isEqualTo("1");
        assertThat(Long.parseLong(header(reply, WireHeaders.ENQUEUED_AT))).isGreaterThanOrEqualTo(before);
    }

    @Test
    void theOnlyRequestOutlivesAnOutageThatIsLongerThanItsAttempts() throws Exception {
        api.update(settings -> settings.withFaults(FaultRule.always(ApiFault.status(503))));
        queue.publish(body("m", "patience"));

        ConsumerRecord<byte[], byte[]> reply;
        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            await().atMost(Duration.ofSeconds(30)).until(() -> api.calls() > 5);
            api.update(settings -> settings.withFaults());
            reply = queue.awaitReplies(1).get(0);
        }

        assertThat(header(reply, WireHeaders.STATUS)).isEqualTo("ok");
        assertThat(queue.read(queue.topics.dead())).isEmpty();
    }

    @Test
    void endsARequestThatAlwaysFailsWhileOthersPassAsADeadLetterWithAFailedReply() throws Exception {
        String value = body("m", "poison [stand-in: status=500]");
        int others = 20;
        for (int i = 0; i < others; i++) {
            queue.publish(body("m", "other " + i));
        }

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            queue.awaitReplies(others);
            queue.publish(value);
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                queue.publish(body("m", "beside"));
                return !queue.read(queue.topics.dead()).isEmpty();
            });
        }

        ConsumerRecord<byte[], byte[]> letter = queue.read(queue.topics.dead()).get(0);
        ConsumerRecord<byte[], byte[]> reply = queue.read(queue.topics.replies()).stream()
                .filter(record -> header(record, WireHeaders.STATUS).equals("failed"))
                .findFirst()
                .orElseThrow();
        assertThat(letter.value()).isEqualTo(value.getBytes(UTF_8));
        assertThat(header(letter, WireHeaders.REASON)).isEqualTo("attempts_exhausted");
        int attempts = Integer.parseInt(header(letter, WireHeaders.ATTEMPTS));
        // An attempt after which no other request has passed yet is no evidence.
        assertThat(attempts).isBetween(5, 8);
        assertThat(header(letter, WireHeaders.HTTP_STATUS)).isEqualTo("500");
        assertThat(letter.headers().lastHeader(WireHeaders.SUSPICION)).isNull();
        assertThat(header(reply, WireHeaders.REASON)).isEqualTo("attempts_exhausted");
        assertThat(reply.headers().lastHeader(WireHeaders.SUSPICION)).isNull();
        assertThat(new String(reply.value(), UTF_8)).contains("\"error\"").contains("\"message\"");
        assertThat(api.calls("poison [stand-in: status=500]")).isEqualTo(attempts);
    }

    @Test
    void givesBadInputOneClearEndAndServesTheNextRecord() throws Exception {
        Map<String, String> bad = Map.of(
                "no JSON", "{\"model\":",
                "no object", "[1,2]",
                "no model", "{\"messages\":[]}",
                "no messages", "{\"model\":\"m\"}");
        bad.forEach((id, value) -> queue.publish(value, headers(WireHeaders.ID, id)));
        queue.publish(body("m", "x".repeat(TestQueue.MAX_REQUEST_BYTES)), headers(WireHeaders.ID, "too large"));
        queue.publish(null, headers(WireHeaders.ID, "null value"));
        queue.publish(body("m", "x"), headers(WireHeaders.NOT_BEFORE, "soon"));
        queue.publish(body("m", "x"), headers(WireHeaders.ID, "i".repeat(10_000)));
        queue.publish(body("m", "x"), headers(WireHeaders.REPLY_TOPIC, queue.topics.requests()));
        queue.publish(body("m", "good"), headers(WireHeaders.ID, "good"));

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            queue.awaitReplies(10);
        }

        List<ConsumerRecord<byte[], byte[]>> letters = queue.read(queue.topics.dead());
        Map<String, Long> reasons = letters.stream()
                .collect(Collectors.groupingBy(letter -> header(letter, WireHeaders.REASON), Collectors.counting()));
        List<String> answered = queue.read(queue.topics.replies()).stream()
                .filter(reply -> header(reply, WireHeaders.STATUS).equals("ok"))
                .map(reply -> header(reply, WireHeaders.ID))
                .toList();
        assertThat(reasons)
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of("invalid_request", 7L, "reply_topic_refused", 1L, "too_large", 1L));
        assertThat(answered).containsExactly("good");
        assertThat(api.calls()).isEqualTo(1);
    }

    @Test
    void callsNothingBeforeItsTimeWhileOthersPass() throws Exception {
        long due = System.currentTimeMillis() + 6_000;
        queue.publish(body("m", "later"), headers(WireHeaders.NOT_BEFORE, Long.toString(due)));
        queue.publish(body("m", "now"));

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            queue.awaitReplies(1);
            assertThat(api.calls("later")).isZero();
            queue.awaitReplies(2);
        }

        assertThat(api.history().get(1).epochMillis()).isGreaterThanOrEqualTo(due);
    }

    @Test
    void waitsInADelayTierForWhatIsDueLater() throws Exception {
        long due;
        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            // what is due within 10 s waits in memory, and a busy machine may need some of them until it is read
            due = System.currentTimeMillis() + 20_000;
            queue.publish(body("m", "much later"), headers(WireHeaders.NOT_BEFORE, Long.toString(due)));
            queue.awaitReplies(1);
        }

        assertThat(queue.read(queue.topics.delay(Tier.TEN_SECONDS))).hasSize(1);
        assertThat(api.history().get(0).epochMillis()).isBetween(due, due + 3_000);
        assertThat(api.calls()).isEqualTo(1);
    }

    @Test
    void keepsEverythingWhileTheKeyIsRefused() throws Exception {
        api.update(settings -> settings.withApiKeys("another"));
        for (int i = 0; i < 20; i++) {
            queue.publish(body("m", "held " + i));
        }

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            await().atMost(Duration.ofSeconds(20)).until(() -> api.calls() >= 2);
            assertThat(queue.read(queue.topics.dead())).isEmpty();
            assertThat(queue.read(queue.topics.retry())).isEmpty();
            assertThat(worker.health().warnings()).singleElement().asString().startsWith("model m is held: 401");
            api.update(settings -> settings.withApiKeys(TestQueue.KEY));
            queue.awaitReplies(20);
            assertThat(worker.health().warnings()).isEmpty();
        }

        assertThat(queue.read(queue.topics.replies()))
                .allSatisfy(
                        reply -> assertThat(header(reply, WireHeaders.ATTEMPTS)).isEqualTo("0"));
    }

    @Test
    void twoWorkersShareTheWorkAndOneTakesOverWhenTheOtherLeaves() throws Exception {
        api.update(settings -> settings.withLatency(LatencyModel.fixed(Duration.ofMillis(50))));
        int requests = 200;
        try (Worker first = Worker.start(queue.config(api.baseUrl()))) {
            Worker second = Worker.start(queue.config(api.baseUrl()));
            for (int i = 0; i < requests; i++) {
                queue.publish(body("m", "shared " + i));
            }
            queue.awaitReplies(20);
            second.close();
            queue.awaitReplies(requests);
        }

        List<ConsumerRecord<byte[], byte[]>> replies = queue.read(queue.topics.replies());
        assertThat(replies.stream().map(reply -> header(reply, WireHeaders.ID)).distinct())
                .hasSize(requests);
        assertThat(replies)
                .hasSize(requests)
                .allSatisfy(
                        reply -> assertThat(header(reply, WireHeaders.STATUS)).isEqualTo("ok"));
        assertThat(api.calls()).isEqualTo(requests);
    }

    @Test
    void servesPartitionsThatAreAddedWhileItRuns() throws Exception {
        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            queue.publish(body("m", "before"));
            queue.awaitReplies(1);

            queue.widen(TestQueue.PARTITIONS + 2);
            for (int added = 0; added < 2; added++) {
                String text = "added " + added + " [stand-in: status=429 reset=0.1 times=1]";
                byte[] value = body("m", text).getBytes(UTF_8);
                queue.send(new ProducerRecord<>(queue.topics.requests(), TestQueue.PARTITIONS + added, null, value));
            }
            queue.awaitReplies(3);
        }

        assertThat(queue.read(queue.topics.retry()))
                .extracting(ConsumerRecord::partition)
                .containsExactlyInAnyOrder(TestQueue.PARTITIONS, TestQueue.PARTITIONS + 1);
        assertThat(api.calls()).isEqualTo(5);
    }

    @Test
    @SuppressWarnings("removal") // a group without members has no other metadata
    void doesNotWaitForTheTransactionOfADeadWorkerToTimeOut() throws Exception {
        RecordMetadata published = queue.publish(body("m", "held back"));
        TopicPartition partition = new TopicPartition(published.topic(), published.partition());
        Map<String, Object> config =
                new HashMap<>(queue.config(api.baseUrl()).queue().kafka());
        config.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, 120_000);
        String id = queue.group() + ":" + queue.topics.base() + ":dead";

        try (Producer<byte[], byte[]> dead = KafkaClients.transactionalProducer(config, id, 1 << 20)) {
            dead.initTransactions();
            dead.beginTransaction();
            dead.sendOffsetsToTransaction(
                    Map.of(partition, new OffsetAndMetadata(published.offset() + 1)),
                    new ConsumerGroupMetadata(queue.group()));
            try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
                queue.awaitReplies(1);
            }

            assertThatThrownBy(dead::commitTransaction).isInstanceOf(KafkaException.class);
        }
        assertThat(queue.read(queue.topics.replies())).hasSize(1);
    }

    private static RecordHeaders headers(String name, String value) {
        RecordHeaders headers = new RecordHeaders();
        headers.add(name, value.getBytes(UTF_8));
        return headers;
    }
}
