package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.Topics.Tier;
import dev.sluice.wire.WireHeaders;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Tests that foreign headers survive every way a request can take. Among them are those of a CloudEvent in binary mode.
 *
 * @see <a
 *     href="https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md">
 *     CloudEvents' Kafka binding</a>
 */
class ForeignHeadersIT {
    /** The foreign headers in their order. One is no UTF-8, one is empty, one is null, and one name is there twice. */
    private static final List<Header> FOREIGN = List.of(
            text("ce_specversion", "1.0"),
            text("ce_id", "A234-1234-1234"),
            text("ce_source", "/billing/élan"),
            text("ce_type", "com.example.question"),
            text("content-type", "application/cloudevents+json; charset=UTF-8"),
            new RecordHeader("x-binary", new byte[] {(byte) 0xC3, 0x28, 0, (byte) 0xFF, (byte) 0x80}),
            new RecordHeader("x-empty", new byte[0]),
            new RecordHeader("x-null", (byte[]) null),
            text("x-twice", "first"),
            text("x-twice", "second"));

    private static final Set<String> NAMES = FOREIGN.stream().map(Header::key).collect(Collectors.toSet());

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private static TestQueue queue;
    private static TogetherStandIn api;
    private static Worker worker;

    @BeforeAll
    static void open() throws Exception {
        queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
        api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY));
        worker = Worker.start(queue.config(api.baseUrl()));
    }

    @AfterAll
    static void close() throws Exception {
        worker.close();
        api.close();
        queue.close();
    }

    @Test
    void passThroughARetryToTheReply() {
        publish("retried", body("m", "hello [stand-in: status=429 reset=0.1 times=1]"));

        assertCarried(queue.topics.replies(), "retried");
        assertCarried(queue.topics.retry(), "retried");
    }

    @Test
    void passToTheDeadLetterAndItsFailedReply() {
        publish("dead", body("m", "hello [stand-in: status=400]"));

        assertCarried(queue.topics.replies(), "dead");
        assertCarried(queue.topics.dead(), "dead");
    }

    @Test
    void passToTheDeadLetterOfARecordThatIsNoRequest() {
        publish("structured", "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\",\"data\":{}}");

        assertCarried(queue.topics.replies(), "structured");
        assertCarried(queue.topics.dead(), "structured");
    }

    @Test
    void passThroughADelayTier() {
        Header due = text(WireHeaders.NOT_BEFORE, Long.toString(System.currentTimeMillis() + 3_600_000));
        publish("later", body("m", "hello"), due);

        assertCarried(queue.topics.delay(Tier.TEN_MINUTES), "later");
    }

    @Test
    void aRequestThatDeclinesADeadLetterHasAFailedReplyAlone() {
        Header declines = text(WireHeaders.DEAD, WireHeaders.NONE);
        publish("declined", body("m", "hello [stand-in: status=400]"), declines);
        publish("declined-invalid", "{}", declines);
        for (String id : List.of("declined", "declined-invalid")) {
            ConsumerRecord<byte[], byte[]> reply = queue.awaitRecord(queue.topics.replies(), id);
            assertThat(TestQueue.header(reply, WireHeaders.STATUS)).isEqualTo("failed");
            assertThat(reply.headers().lastHeader(WireHeaders.DEAD)).isNull();
            hasAll(reply);
        }

        publish("later-dead", body("m", "hello [stand-in: status=400]"));
        queue.awaitRecord(queue.topics.dead(), "later-dead");

        assertThat(queue.read(queue.topics.dead()))
                .extracting(letter -> TestQueue.header(letter, WireHeaders.ID))
                .contains("later-dead")
                .doesNotContain("declined", "declined-invalid");
    }

    @Test
    void whatOnlyWorkersMaySayIsNotBelievedOfAProducer() {
        Header[] forged = {
            text(WireHeaders.ATTEMPTS, "7700077"),
            text(WireHeaders.DEFERRALS, "7700077"),
            text(WireHeaders.ENQUEUED_AT, "7700077"),
            text(WireHeaders.SUSPICION, "failed=900077 limited=7700077 alone=77 costly=77"),
            text(WireHeaders.LAST_ERROR, "7700077"),
            text(WireHeaders.ERROR_MESSAGE, "7700077"),
            text(WireHeaders.ERROR_TYPE, "7700077"),
            text(WireHeaders.ERROR_CODE, "7700077"),
            text(WireHeaders.ERROR_PARAM, "7700077"),
            text(WireHeaders.STATUS, "7700077"),
            text(WireHeaders.HTTP_STATUS, "7700077"),
            text(WireHeaders.REASON, "7700077"),
            text(WireHeaders.QUEUED_MS, "7700077"),
            text(WireHeaders.CALL_MS, "7700077"),
            text(WireHeaders.ORIGIN, "7700077"),
            text(WireHeaders.REPLAYED, "7700077"),
            text(WireHeaders.PRIORITY, "7700077")
        };
        publish("forged-retried", body("m", "hello [stand-in: status=503 times=1]"), forged);
        publish("forged-dead", body("m", "hello [stand-in: status=400]"), forged);
        publish("forged-invalid", "{}", forged);

        assertThat(List.of(
                        queue.awaitRecord(queue.topics.replies(), "forged-retried"),
                        queue.awaitRecord(queue.topics.retry(), "forged-retried"),
                        queue.awaitRecord(queue.topics.replies(), "forged-dead"),
                        queue.awaitRecord(queue.topics.dead(), "forged-dead"),
                        queue.awaitRecord(queue.topics.replies(), "forged-invalid"),
                        queue.awaitRecord(queue.topics.dead(), "forged-invalid")))
                .allSatisfy(record -> assertThat(record.headers().toArray())
                        .filteredOn(header -> header.key().startsWith("sluice-"))
                        .noneMatch(header -> new String(header.value(), UTF_8).contains("7700077")));
        assertThat(TestQueue.header(queue.awaitRecord(queue.topics.replies(), "forged-retried"), WireHeaders.STATUS))
                .isEqualTo("ok");
    }

    private static void publish(String id, String value, Header... more) {
        RecordHeaders headers = new RecordHeaders(FOREIGN);
        headers.add(text(WireHeaders.ID, id));
        Arrays.stream(more).forEach(headers::add);
        queue.publish(value, headers);
    }

    private static void assertCarried(String topic, String id) {
        assertThat(queue.awaitRecord(topic, id)).satisfies(ForeignHeadersIT::hasAll);
    }

    private static void hasAll(ConsumerRecord<byte[], byte[]> record) {
        assertThat(record.headers().toArray())
                .filteredOn(header -> NAMES.contains(header.key()))
                .containsExactlyElementsOf(FOREIGN);
    }

    private static Header text(String name, String value) {
        return new RecordHeader(name, value.getBytes(UTF_8));
    }
}
