package dev.sluice;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.SandboxTopics;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.CancelMark;
import dev.sluice.wire.StreamPiece;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Streams answers from a worker that the test plays. */
@Timeout(90)
class StreamIT {
    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private static final ChatRequest REQUEST = ChatRequest.ofJson("{\"model\":\"m\",\"messages\":[1]}");
    private static final String CALL = "00000000000000aa";

    private Topics topics;
    private ManualResponder responder;
    private ChatQueue queue;
    private KafkaProducer<byte[], byte[]> pieces;
    private final List<String> texts = new CopyOnWriteArrayList<>();

    @BeforeEach
    void open() throws Exception {
        topics = new Topics(kafka.uniqueName("chat"));
        responder = new ManualResponder(kafka.bootstrapServers(), topics.base());
        queue = ChatQueue.builder()
                .bootstrapServers(kafka.bootstrapServers())
                .topic(topics.base())
                .build();
        pieces = new KafkaProducer<>(
                Map.of("bootstrap.servers", kafka.bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    @AfterEach
    void close() {
        queue.close();
        responder.close();
        pieces.close();
    }

    @Test
    void piecesComeBeforeTheReplyAndWhatIsLostComesFromIt() throws Exception {
        create(topics.streams(), 3);
        CompletableFuture<ChatReply> stream = queue.stream(REQUEST).forEach(piece -> texts.add(piece.text()));
        ConsumerRecord<byte[], byte[]> request = responder.take(1).get(0);

        publish(request, 0, "Hel", "lo ");
        publish(request, 2, "wor");
        await().until(() -> texts.equals(List.of("Hel", "lo ", "wor")));
        assertThat(stream).isNotDone();
        publish(request, 4, "!");
        responder.reply(request, CALL, completion("Hello world!"));

        assertThat(stream.join().text()).isEqualTo("Hello world!");
        assertThat(texts).containsExactly("Hel", "lo ", "wor", "ld!", "");
    }

    /** Each has its own pieces, though all read the same topic, and some of them the same partition. */
    @Test
    void streamsOfManyQueuesStayApart() throws Exception {
        create(topics.streams(), 1);
        try (ChatQueue other = ChatQueue.builder()
                .bootstrapServers(kafka.bootstrapServers())
                .topic(topics.base())
                .build()) {
            List<StringBuilder> shown = new ArrayList<>();
            List<CompletableFuture<ChatReply>> streams = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                shown.add(new StringBuilder());
                StringBuilder mine = shown.get(i);
                streams.add((i % 2 == 0 ? queue : other)
                        .stream(ChatRequest.jsonBuilder(REQUEST.body())
                                        .id("stream-" + i)
                                        .build())
                                .forEach(piece -> mine.append(piece.text())));
            }
            List<ConsumerRecord<byte[], byte[]>> requests = responder.take(20);
            Random random = new Random(3);
            for (int number = 0; number < 5; number++) {
                for (ConsumerRecord<byte[], byte[]> request : requests) {
                    if (random.nextInt(10) > 0) {
                        publish(request, number, id(request) + " ");
                    }
                }
            }
            for (ConsumerRecord<byte[], byte[]> request : requests) {
                responder.reply(request, CALL, completion((id(request) + " ").repeat(5)));
            }

            for (int i = 0; i < 20; i++) {
                assertThat(streams.get(i).join().text()).isEqualTo(("stream-" + i + " ").repeat(5));
                assertThat(shown.get(i)).hasToString(("stream-" + i + " ").repeat(5));
            }
        }
    }

    @Test
    void withoutTheTopicTheStreamIsMadeFromTheReply() {
        CompletableFuture<ChatReply> stream = queue.stream(REQUEST).forEach(piece -> texts.add(piece.text()));
        ConsumerRecord<byte[], byte[]> request = responder.take(1).get(0);
        assertThat(request.headers().lastHeader(WireHeaders.STREAM_TO)).isNull();

        responder.reply(request, CALL, completion("whole"));

        assertThat(stream.join().text()).isEqualTo("whole");
        assertThat(texts).containsExactly("", "whole", "");
    }

    @Test
    void aStreamThatIsLeftCancelsItsRequest() throws Exception {
        create(topics.streams(), 1);
        create(topics.cancels(), 1);
        CompletableFuture<ChatReply> stream = queue.stream(REQUEST).forEach(piece -> {});
        ConsumerRecord<byte[], byte[]> request = responder.take(1).get(0);

        stream.cancel(false);

        assertThat(first(topics.cancels())).isEqualTo(CancelMark.Kind.CORRELATION_ID.in(request.headers()));
        assertThat(WireHeaders.text(request.headers(), WireHeaders.ABORT)).contains("true");
    }

    private void create(String topic, int partitions) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
            SandboxTopics.create(admin, List.of(new NewTopic(topic, partitions, (short) 1)));
        }
    }

    private void publish(ConsumerRecord<byte[], byte[]> request, long first, String... texts) throws Exception {
        List<byte[]> chunks = new ArrayList<>();
        for (String text : texts) {
            chunks.add(("{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + text + "\"}}]}").getBytes(UTF_8));
        }
        byte[] correlation =
                WireHeaders.bytes(request.headers(), WireHeaders.CORRELATION_ID).orElseThrow();
        int partition = (int)
                WireHeaders.number(request.headers(), WireHeaders.STREAM_TO).orElseThrow();
        pieces.send(StreamPiece.of(correlation, CALL, first, chunks).record(topics, partition))
                .get();
    }

    private static String id(ConsumerRecord<byte[], byte[]> request) {
        return WireHeaders.text(request.headers(), WireHeaders.ID).orElseThrow();
    }

    private static byte[] completion(String text) {
        return ("{\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"message\":{\"content\":\"" + text + "\"}}]}")
                .getBytes(UTF_8);
    }

    /** Returns the mark that is the first record of the topic. */
    private static Optional<CancelMark> first(String topic) {
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", kafka.bootstrapServers(), "auto.offset.reset", "earliest"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            consumer.assign(List.of(new TopicPartition(topic, 0)));
            List<ConsumerRecord<byte[], byte[]>> marks = new ArrayList<>();
            await().atMost(Duration.ofSeconds(30)).until(() -> {
                consumer.poll(Duration.ofMillis(100)).forEach(marks::add);
                return !marks.isEmpty();
            });
            return CancelMark.of(marks.get(0).headers());
        }
    }
}
