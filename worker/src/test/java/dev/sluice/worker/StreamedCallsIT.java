package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.stream.CompletionAssembly;
import dev.sluice.wire.StreamPiece;
import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/** Streamed calls on a real Kafka and over real HTTP: one committed reply each, and pieces ahead of it. */
@Timeout(120)
class StreamedCallsIT {
    private static final Duration BOUND = Duration.ofSeconds(30);
    private static final int PARTITION = 2;
    private static final String TEXT = "hello, this is long enough for some pieces 😀";

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
    void aStreamedRequestHasOneWholeReplyAndItsPiecesInOrder() throws Exception {
        String text = TEXT + " [stand-in: pace=10ms]";
        publish("streamed", text, true);
        publish("nobody reads along", text, false);

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            ConsumerRecord<byte[], byte[]> reply = reply("streamed");
            assertThat(header(reply, WireHeaders.ASSEMBLED)).isEqualTo("true");
            assertThat(content(reply.value())).isEqualTo("You said: " + text);
            assertThat(JsonMapper.shared()
                            .readTree(reply.value())
                            .at("/usage/total_tokens")
                            .intValue())
                    .isPositive();
            assertThat(header(reply, WireHeaders.STREAM_TO)).isEqualTo("(none)");

            ConsumerRecord<byte[], byte[]> other = reply("nobody reads along");
            assertThat(header(other, WireHeaders.ASSEMBLED)).isEqualTo("true");
            assertThat(header(other, WireHeaders.CALL)).isNotEqualTo(header(reply, WireHeaders.CALL));

            List<StreamPiece> pieces = pieces();
            assertThat(pieces.size()).as("pieces come as the chunks do").isGreaterThan(3);
            CompletionAssembly shown = new CompletionAssembly(1, 1 << 20);
            long next = 0;
            for (StreamPiece piece : pieces) {
                assertThat(piece.correlationId()).isEqualTo("streamed".getBytes(UTF_8));
                assertThat(piece.call()).isEqualTo(header(reply, WireHeaders.CALL));
                assertThat(piece.first()).isEqualTo(next);
                next = piece.next();
                piece.chunks().forEach(chunk -> assertThat(shown.add(chunk)).isEqualTo(CompletionAssembly.Added.TAKEN));
            }
            assertThat(JsonMapper.shared().readTree(shown.completion()))
                    .isEqualTo(JsonMapper.shared().readTree(reply.value()));
        }
        assertThat(api.calls()).isEqualTo(2);
    }

    @Test
    void aStreamThatBreaksOffAfterItsPiecesWereReadIsNotCalledAgain() throws Exception {
        String cut = TEXT + " [stand-in: cut-body pace=10ms times=1]";
        String error = TEXT + " [stand-in: error-event pace=10ms times=1]";
        publish("cut", cut, true);
        publish("error", error, true);

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            for (String id : List.of("cut", "error")) {
                ConsumerRecord<byte[], byte[]> reply = reply(id);
                assertThat(header(reply, WireHeaders.STATUS)).isEqualTo("failed");
                assertThat(header(reply, WireHeaders.REASON)).isEqualTo("stream_cut");
                assertThat(header(queue.awaitRecord(queue.topics.dead(), id), WireHeaders.REASON))
                        .isEqualTo("stream_cut");
            }
        }
        assertThat(api.calls(cut)).isOne();
        assertThat(api.calls(error)).isOne();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "not-streamed", "no-done", "zipped"})
    void howeverTheApiAnswersTheReplyIsWhole(String fault) throws Exception {
        String text = TEXT + " [stand-in: " + (fault.isEmpty() ? "normal" : fault) + "]";
        publish("id", text, true);

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            assertThat(content(reply("id").value())).isEqualTo("You said: " + text);
        }
        assertThat(api.calls()).isOne();
    }

    @Test
    void anAnswerThatTakesLongerThanAnEdgeWaitsIsPaidOnce() throws Exception {
        api.update(settings -> settings.withEdgeTimeout(Duration.ofMillis(500)));
        String text = TEXT + " [stand-in: pace=100ms]";
        publish("long", text, true);

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            ConsumerRecord<byte[], byte[]> reply = reply("long");

            assertThat(content(reply.value())).isEqualTo("You said: " + text);
            assertThat(Long.parseLong(header(reply, WireHeaders.CALL_MS))).isGreaterThan(1_000);
        }
        assertThat(api.calls()).isOne();
    }

    /** A caller has the whole answer at its end. */
    @Test
    void withoutTheTopicOfPiecesOrWithABadPartitionCallsGoOn() throws Exception {
        queue.delete(queue.topics.streams());
        await().atMost(BOUND)
                .until(() -> !queue.admin().listTopics().names().get().contains(queue.topics.streams()));
        for (int i = 0; i < 3; i++) {
            publish("no topic " + i, TEXT, true);
        }
        RecordHeaders headers = headers("bad partition");
        WireHeaders.set(headers, WireHeaders.STREAM_TO, "seven");
        queue.publish(body(TEXT), headers);

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            for (int i = 0; i < 3; i++) {
                assertThat(content(reply("no topic " + i).value())).isEqualTo("You said: " + TEXT);
            }
            assertThat(content(reply("bad partition").value())).isEqualTo("You said: " + TEXT);
        }
        assertThat(api.calls()).isEqualTo(4);
    }

    @Test
    void equalStreamedRequestsShareACall() throws Exception {
        for (String id : List.of("one", "two")) {
            RecordHeaders headers = headers(id);
            WireHeaders.set(headers, WireHeaders.CACHE, "PT10M");
            WireHeaders.set(headers, WireHeaders.STREAM_TO, PARTITION);
            queue.send(new ProducerRecord<>(
                    queue.topics.requests(), 0, null, null, body(TEXT).getBytes(UTF_8), headers));
        }

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            assertThat(content(reply("one").value())).isEqualTo("You said: " + TEXT);
            assertThat(reply("two").value()).isEqualTo(reply("one").value());
        }
        assertThat(api.calls()).isOne();
        assertThat(pieces()).extracting(StreamPiece::call).containsOnly(header(reply("one"), WireHeaders.CALL));
        assertThat(header(reply("two"), WireHeaders.CALL)).isEqualTo("(none)");
    }

    private void publish(String id, String text, boolean isReadAlong) {
        RecordHeaders headers = headers(id);
        if (isReadAlong) {
            WireHeaders.set(headers, WireHeaders.STREAM_TO, PARTITION);
        }
        queue.publish(body(text), headers);
    }

    private static RecordHeaders headers(String id) {
        RecordHeaders headers = new RecordHeaders();
        WireHeaders.set(headers, WireHeaders.ID, id);
        WireHeaders.set(headers, WireHeaders.CORRELATION_ID, id);
        return headers;
    }

    private static String body(String text) {
        return TestQueue.body("m", text)
                .replace("{\"model", "{\"stream\":true,\"stream_options\":{\"include_usage\":true},\"model");
    }

    private ConsumerRecord<byte[], byte[]> reply(String id) {
        return queue.awaitRecord(queue.topics.replies(), id);
    }

    private List<StreamPiece> pieces() {
        return queue.read(queue.topics.streams()).stream()
                .peek(record -> assertThat(record.partition()).isEqualTo(PARTITION))
                .map(record -> StreamPiece.of(record.headers(), record.value()).orElseThrow())
                .toList();
    }

    private static String content(byte[] reply) {
        return JsonMapper.shared()
                .readTree(reply)
                .at("/choices/0/message/content")
                .stringValue();
    }
}
