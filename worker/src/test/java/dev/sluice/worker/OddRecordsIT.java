package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static dev.sluice.worker.TestQueue.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.WireHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests records that any producer can publish and that no chat client would. Each ends, and none holds up others. */
class OddRecordsIT {
    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private static final int ORDINARY = 20;

    private final List<ProducerRecord<byte[], byte[]>> odd = new ArrayList<>();
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
    void everyOddRecordEndsOnceAndTheOthersAreAnswered() throws Exception {
        for (String name : List.of(WireHeaders.ID, WireHeaders.ATTEMPTS, WireHeaders.LAST_ERROR, "x", "")) {
            headersOf(name, 40_000);
        }
        bodies();
        envelopes();
        publish();

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            queue.awaitReplies(odd.size() + ORDINARY);
            assertThat(worker.health().livenessFailures()).isEmpty();
        }

        Map<String, Long> endings = queue.read(queue.topics.replies()).stream()
                .collect(Collectors.groupingBy(reply -> header(reply, WireHeaders.ID), Collectors.counting()));
        assertThat(endings)
                .hasSize(odd.size() + ORDINARY)
                .allSatisfy((id, count) -> assertThat(count).isEqualTo(1));
        assertThat(queue.read(queue.topics.dead()))
                .extracting(letter -> header(letter, WireHeaders.REASON))
                .containsOnly("invalid_request", "expired", "rejected");
    }

    private void headersOf(String name, int count) {
        RecordHeaders headers = new RecordHeaders();
        for (int i = 0; i < count; i++) {
            headers.add(name, i % 2 == 0 ? null : "1".getBytes(UTF_8));
        }
        if (name.equals(WireHeaders.ID)) {
            headers.add(name, "many".getBytes(UTF_8));
        }
        add(null, body("m", "text").getBytes(UTF_8), headers);
    }

    private void bodies() {
        List<String> bodies = List.of(
                "\uFEFF" + body("m", "text"),
                "[" + body("m", "text") + "]",
                "{\"model\":\"m\",\"messages\":[],\"x\":" + "[".repeat(900) + "]".repeat(900) + "}",
                "{\"model\":\"m\",\"messages\":" + "[".repeat(40_000),
                "{\"model\":\"m\",\"messages\":[],\"max_tokens\":" + "9".repeat(50_000) + "}",
                "{\"model\":\"m\",\"messages\":[],\"max_tokens\":9223372036854775807,\"n\":9223372036854775807}",
                "{\"model\":\"m\",\"model\":\"n\",\"messages\":[],\"messages\":[]}",
                "{\"model\":\"\\ud800\\u0000\\u202e\",\"messages\":[]}",
                "{\"model\":\"x\\n2026-01-31T08:00:00.000Z ERROR Worker \\u001b[2J\",\"messages\":[]}");
        bodies.forEach(body -> add(null, body.getBytes(UTF_8), new RecordHeaders()));
        add(null, new byte[0], new RecordHeaders());
        add(null, null, new RecordHeaders());
        add(new byte[0], new byte[] {(byte) 0xff, (byte) 0xfe, '{', 0}, new RecordHeaders());
        add(new byte[80_000], body("m", "text").getBytes(UTF_8), new RecordHeaders());
    }

    private void envelopes() {
        for (String name : List.of(
                WireHeaders.ID,
                WireHeaders.TENANT,
                WireHeaders.NOT_BEFORE,
                WireHeaders.EXPIRES_AT,
                WireHeaders.CACHE,
                WireHeaders.REPLY_PARTITION,
                WireHeaders.CORRELATION_ID,
                WireHeaders.TRACEPARENT,
                WireHeaders.TRACESTATE)) {
            for (byte[] value : new byte[][] {
                {}, {0}, {(byte) 0xff, (byte) 0xc0}, "\r\nx: y".getBytes(UTF_8), "0".getBytes(UTF_8), new byte[50_000]
            }) {
                RecordHeaders headers = new RecordHeaders();
                headers.add(name, value);
                add(null, body("m", "text").getBytes(UTF_8), headers);
            }
            RecordHeaders none = new RecordHeaders();
            none.add(name, null);
            add(null, body("m", "text").getBytes(UTF_8), none);
        }
    }

    private void add(byte @Nullable [] key, byte @Nullable [] value, RecordHeaders headers) {
        odd.add(new ProducerRecord<>(queue.topics.requests(), odd.size() % TestQueue.PARTITIONS, key, value, headers));
    }

    private void publish() throws Exception {
        Map<String, Object> config = Map.of(
                "bootstrap.servers", kafka.bootstrapServers(), "max.request.size", 4 << 20, "compression.type", "gzip");
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (ProducerRecord<byte[], byte[]> record : odd) {
                producer.send(record).get();
            }
            for (int i = 0; i < ORDINARY; i++) {
                producer.send(new ProducerRecord<>(
                                queue.topics.requests(), body("m", "text").getBytes(UTF_8)))
                        .get();
            }
        }
    }
}
