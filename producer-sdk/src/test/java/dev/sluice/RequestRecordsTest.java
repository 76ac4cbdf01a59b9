package dev.sluice;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.junit.jupiter.api.Test;

class RequestRecordsTest {
    private static final Topics TOPICS = new Topics("chat");
    private static final String BODY = "{\"model\":\"m\",\"messages\":[1]}";

    @Test
    void writesTheWholeEnvelope() {
        String trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        ChatRequest request = ChatRequest.jsonBuilder(BODY)
                .tenant("t")
                .notBefore(Instant.ofEpochMilli(5))
                .cacheFor(Duration.ofMinutes(10))
                .traceparent(trace)
                .tracestate("a=b")
                .key("k")
                .header("mine", "my own")
                .withoutDeadLetter()
                .build();
        ReplyAddress replyTo = new ReplyAddress("chat.replies", 258, new byte[] {1, 2});

        ProducerRecord<byte[], byte[]> record =
                RequestRecords.record(TOPICS, request, "i", Instant.ofEpochMilli(9), replyTo);

        Headers headers = record.headers();
        assertThat(record.topic()).isEqualTo("chat.requests");
        assertThat(record.partition()).isNull();
        assertThat(record.key()).isEqualTo(new byte[] {'k'});
        assertThat(record.value()).isEqualTo(BODY.getBytes(UTF_8));
        assertThat(WireHeaders.text(headers, "sluice-id")).contains("i");
        assertThat(WireHeaders.text(headers, "sluice-tenant")).contains("t");
        assertThat(WireHeaders.text(headers, "sluice-not-before")).contains("5");
        assertThat(WireHeaders.text(headers, "sluice-expires-at")).contains("9");
        assertThat(WireHeaders.text(headers, "sluice-cache")).contains("PT10M");
        assertThat(WireHeaders.text(headers, "sluice-dead")).contains("none");
        assertThat(WireHeaders.text(headers, "traceparent")).contains(trace);
        assertThat(WireHeaders.text(headers, "tracestate")).contains("a=b");
        assertThat(WireHeaders.text(headers, "mine")).contains("my own");
        assertThat(WireHeaders.text(headers, "kafka_replyTopic")).contains("chat.replies");
        assertThat(WireHeaders.bytes(headers, "kafka_replyPartition")).contains(new byte[] {0, 0, 1, 2});
        assertThat(WireHeaders.bytes(headers, "kafka_correlationId")).contains(new byte[] {1, 2});
    }

    @Test
    void writesOnlyTheIdForAPlainRequest() {
        ProducerRecord<byte[], byte[]> record =
                RequestRecords.record(TOPICS, ChatRequest.ofJson(BODY), "i", null, null);

        assertThat(record.headers()).extracting("key").containsExactly("sluice-id");
    }

    @Test
    void spreadsRequestsWithoutAKeyByTheirIds() {
        ProducerRecord<byte[], byte[]> record =
                RequestRecords.record(TOPICS, ChatRequest.ofJson(BODY), "i", null, null);

        assertThat(record.key()).isEqualTo(new byte[] {'i'});
    }

    @Test
    void keysCacheableRequestsByTheirHash() {
        ChatRequest request =
                ChatRequest.jsonBuilder(BODY).cacheFor(Duration.ofSeconds(1)).build();

        ProducerRecord<byte[], byte[]> record = RequestRecords.record(TOPICS, request, "i", null, null);

        assertThat(new String(record.key(), UTF_8))
                .hasSize(64)
                .isEqualTo("ae87e3381e3ff014c004058cc92413d9653eecf3fe09e95be8440f5cdfc9c675");
    }

    @Test
    void keysEqualCacheableRequestsAlikeWithinATenantOnly() {
        assertThat(cacheKey("a", BODY)).isEqualTo(cacheKey("a", BODY));
        assertThat(cacheKey("a", BODY)).isNotEqualTo(cacheKey("b", BODY));
        assertThat(cacheKey("a", BODY)).isNotEqualTo(cacheKey("a", BODY + " "));
        assertThat(cacheKey("a", BODY)).isEqualTo("a94f2237b3da6f6ad97973b9f227d240740b72da798949ffbb9dd421d31982af");
    }

    private static String cacheKey(String tenant, String body) {
        ChatRequest request = ChatRequest.jsonBuilder(body)
                .tenant(tenant)
                .cacheFor(Duration.ofSeconds(1))
                .build();
        return new String(
                RequestRecords.record(TOPICS, request, "i", null, null).key(), UTF_8);
    }

    @Test
    void carriesAnyTextAndBytesUnchanged() {
        Random random = new Random(3);
        for (int i = 0; i < 500; i++) {
            String id = randomText(random);
            byte[] own = new byte[random.nextInt(50)];
            random.nextBytes(own);
            ChatRequest request = ChatRequest.jsonBuilder(BODY)
                    .id(id)
                    .tenant(id)
                    .header("mine", own)
                    .build();

            Headers headers =
                    RequestRecords.record(TOPICS, request, id, null, null).headers();

            assertThat(WireHeaders.text(headers, "sluice-id")).contains(id);
            assertThat(WireHeaders.text(headers, "sluice-tenant")).contains(id);
            assertThat(WireHeaders.bytes(headers, "mine")).contains(own);
        }
    }

    /** Returns up to 64 random Unicode characters without controls and surrogates. */
    private static String randomText(Random random) {
        return random.ints(0x20, Character.MAX_CODE_POINT + 1)
                .filter(c -> !Character.isISOControl(c) && (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE))
                .limit(random.nextInt(1, 65))
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }
}
