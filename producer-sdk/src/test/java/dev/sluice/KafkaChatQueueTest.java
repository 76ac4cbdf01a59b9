package dev.sluice;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.wire.CancelMark;
import dev.sluice.wire.UuidV7;
import dev.sluice.wire.WireHeaders;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class KafkaChatQueueTest {
    private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");
    private static final TopicPartition REPLY_PARTITION = new TopicPartition("chat.replies", 0);
    private static final ChatRequest REQUEST = ChatRequest.ofJson("{\"model\":\"m\",\"messages\":[1]}");

    private final QueueSettings settings =
            ChatQueue.builder().maxBodyBytes(1_000).settings();
    private final MockProducer<byte[], byte[]> producer =
            new MockProducer<>(false, null, new ByteArraySerializer(), new ByteArraySerializer());
    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
    private final MockConsumer<byte[], byte[]> pieceReader = new MockConsumer<>("earliest");
    private final AtomicInteger consumers = new AtomicInteger();
    private final ManualDeadlineScheduler deadlines = new ManualDeadlineScheduler();
    private final Random random = new Random(5);
    private final PendingAsks pending = new PendingAsks(1, deadlines);
    private TopicExistenceCheck topicCheck = topic -> {};
    private Runnable beforeInbox = () -> {};
    private final KafkaChatQueue queue = queue(settings);
    private final KafkaChatQueue cancelling =
            queue(ChatQueue.builder().maxBodyBytes(1_000).cancelRequests().settings());

    private KafkaChatQueue queue(QueueSettings ofQueue) {
        return new KafkaChatQueue(
                ofQueue,
                producer,
                topic -> topicCheck.require(topic),
                new RequestReplyClient(ofQueue, pending, deadlines, this::inbox),
                new PieceInbox(ofQueue, () -> pieceReader, random, System::nanoTime),
                new UuidV7(Clock.fixed(NOW, ZoneOffset.UTC), random),
                Clock.fixed(NOW, ZoneOffset.UTC));
    }

    private ReplyInbox inbox() {
        consumers.incrementAndGet();
        beforeInbox.run();
        return new ReplyInbox(settings, () -> consumer, random, System::nanoTime, pending).start();
    }

    @AfterEach
    void close() {
        queue.close();
    }

    @Test
    void completesTheReceiptWhenKafkaHasTheRequest() {
        CompletableFuture<Receipt> receipt = queue.submit(REQUEST);
        assertThat(receipt).isNotDone();

        producer.completeNext();

        String id = WireHeaders.text(sent().headers(), WireHeaders.ID).orElseThrow();
        assertThat(UUID.fromString(id).version()).isEqualTo(7);
        assertThat(receipt.join()).satisfies(done -> {
            assertThat(done.id()).isEqualTo(id);
            assertThat(done.topic()).isEqualTo("chat.requests");
            assertThat(done.partition()).isZero();
            assertThat(done.offset()).isZero();
        });
        assertThat(consumers).hasValue(0);
        assertThat(sent().headers().lastHeader(WireHeaders.EXPIRES_AT)).isNull();
    }

    /** The request looks the same on its topic: which topic it is on says all, and who may write there is a right. */
    @Test
    void publishesAnExpressRequestToItsOwnTopic() {
        CompletableFuture<Receipt> receipt = queue.submit(ChatRequest.jsonBuilder(REQUEST.body())
                .priority(Priority.EXPRESS)
                .build());
        repliesExist();
        CompletableFuture<ChatReply> unused = queue.ask(ChatRequest.jsonBuilder(REQUEST.body())
                .priority(Priority.EXPRESS)
                .build());

        producer.completeNext();

        assertThat(receipt.join().topic()).isEqualTo("chat.requests.express");
        assertThat(producer.history())
                .extracting(ProducerRecord::topic)
                .containsExactly("chat.requests.express", "chat.requests.express");
        assertThat(producer.history().get(0).headers().lastHeader(WireHeaders.PRIORITY))
                .isNull();
    }

    @Test
    void requiresTheTopicOfTheRequestsPriority() {
        topicCheck = topic -> {
            if (topic.equals("chat.requests.express")) {
                throw new ChatQueueException("no topic " + topic);
            }
        };
        ChatRequest express = ChatRequest.jsonBuilder(REQUEST.body())
                .priority(Priority.EXPRESS)
                .build();

        assertThatThrownBy(queue.submit(express)::join).hasMessageContaining("no topic chat.requests.express");
        assertThatThrownBy(queue.ask(express)::join).hasMessageContaining("no topic chat.requests.express");
        CompletableFuture<Receipt> unused = queue.submit(REQUEST);

        assertThat(producer.history()).extracting(ProducerRecord::topic).containsExactly("chat.requests");
    }

    @Test
    void cancelsByAMarkOnATopicOfItsOwn() {
        CompletableFuture<Void> id = queue.cancel("a");
        CompletableFuture<Void> group = queue.cancelGroup("g");
        assertThat(id).isNotDone();

        producer.completeNext();
        producer.errorNext(new AuthorizationException("no"));

        assertThat(id).isCompleted();
        assertThatThrownBy(group::join)
                .hasMessageContaining("topic chat.cancels: not allowed; grant this client's user WRITE on the topic");
        assertThat(producer.history()).extracting(ProducerRecord::topic).containsOnly("chat.cancels");
        assertThat(producer.history())
                .extracting(record -> CancelMark.of(record.headers()).orElseThrow())
                .containsExactly(CancelMark.ofId("a"), CancelMark.ofGroup("g"));
        assertThatThrownBy(queue.cancel("")::join).hasCauseInstanceOf(InvalidChatRequestException.class);
    }

    /** The mark must come after the request, and the request would expire by itself from some time on. */
    @Test
    void cancelsTheRequestOfACancelledAskOnceKafkaHasItIfAskedTo() {
        repliesExist();
        queue.ask(REQUEST, Duration.ofMinutes(1)).cancel(false);
        producer.completeNext();
        assertThat(producer.history()).hasSize(1);

        CompletableFuture<ChatReply> ask = cancelling.ask(REQUEST, Duration.ofMinutes(1));
        ask.cancel(false);
        assertThat(producer.history()).hasSize(2);
        producer.completeNext();

        await().until(() -> producer.history().size() == 3);
        ProducerRecord<byte[], byte[]> request = producer.history().get(1);
        ProducerRecord<byte[], byte[]> mark = producer.history().get(2);
        assertThat(CancelMark.of(mark.headers())).isEqualTo(CancelMark.Kind.CORRELATION_ID.in(request.headers()));
        assertThat(WireHeaders.number(mark.headers(), WireHeaders.EXPIRES_AT))
                .hasValue(NOW.plusSeconds(60).toEpochMilli());
    }

    @Test
    void aStreamAsksForPiecesOnThePartitionThatIsRead() {
        repliesExist();
        piecesExist();

        CompletableFuture<ChatReply> unused =
                queue.stream(REQUEST, Duration.ofMinutes(1)).forEach(piece -> {});

        assertThat(WireHeaders.text(sent().headers(), WireHeaders.STREAM_TO)).contains("3");
        assertThat(WireHeaders.text(sent().headers(), WireHeaders.ABORT)).contains("true");
        assertThat(sent().value())
                .asString(UTF_8)
                .isEqualTo("{\"stream\":true,\"stream_options\":{\"include_usage\":true},"
                        + "\"model\":\"m\",\"messages\":[1]}");
    }

    @Test
    void aStreamGoesWithoutPiecesWhereTheirTopicIsMissing() {
        repliesExist();

        CompletableFuture<ChatReply> unused = queue.stream(REQUEST).forEach(piece -> {});

        assertThat(WireHeaders.text(sent().headers(), WireHeaders.STREAM_TO)).isEmpty();
    }

    /** The call may go on for longer than the request would have been called. */
    @Test
    void aStreamThatIsCancelledOrTooLateIsMarkedForAsLongAsItsCallMayTake() {
        repliesExist();
        piecesExist();
        CompletableFuture<ChatReply> left =
                queue.stream(REQUEST, Duration.ofMinutes(1)).forEach(piece -> {});
        producer.completeNext();
        left.cancel(false);
        assertThat(producer.history()).hasSize(2);

        CompletableFuture<ChatReply> late =
                queue.stream(REQUEST, Duration.ofMinutes(1)).forEach(piece -> {});
        ProducerRecord<byte[], byte[]> request = sent();
        deadlines.advance(Duration.ofMinutes(2));

        assertThatThrownBy(late::join).hasCauseInstanceOf(ReplyTimeoutException.class);
        await().until(() -> producer.history().size() == 4);
        assertThat(CancelMark.of(sent().headers())).isEqualTo(CancelMark.Kind.CORRELATION_ID.in(request.headers()));
        assertThat(List.of(producer.history().get(1), sent()))
                .allSatisfy(mark -> assertThat(WireHeaders.number(mark.headers(), WireHeaders.EXPIRES_AT)
                                .orElseThrow())
                        .isGreaterThan(NOW.plusSeconds(300).toEpochMilli()));
    }

    @Test
    void namesTheTopicOfARequestThatCouldNotBeSent() {
        CompletableFuture<Receipt> forbidden = queue.submit(ChatRequest.jsonBuilder(REQUEST.body())
                .priority(Priority.EXPRESS)
                .build());

        producer.errorNext(new AuthorizationException("no"));

        assertThatThrownBy(forbidden::join)
                .hasMessageContaining("topic chat.requests.express: not allowed; grant this client's user WRITE");
    }

    @Test
    void makesANewIdForEachSubmitUnlessOneIsGiven() {
        CompletableFuture<Receipt> first = queue.submit(REQUEST);
        CompletableFuture<Receipt> second = queue.submit(REQUEST);
        CompletableFuture<Receipt> named =
                queue.submit(ChatRequest.jsonBuilder(REQUEST.body()).id("mine").build());

        while (producer.completeNext()) {}

        assertThat(first.join().id()).isLessThan(second.join().id());
        assertThat(named.join().id()).isEqualTo("mine");
    }

    @Test
    void explainsAFailedSend() {
        CompletableFuture<Receipt> tooLarge = queue.submit(REQUEST);
        CompletableFuture<ChatReply> forbidden = asked();

        producer.errorNext(new RecordTooLargeException("limit 7"));
        producer.errorNext(new AuthorizationException("no"));

        assertThatThrownBy(tooLarge::join)
                .hasCauseInstanceOf(ChatQueueException.class)
                .hasMessageContaining("topic chat.requests: its body of 28 bytes is too large")
                .hasMessageContaining("records of 17384 bytes")
                .hasMessageContaining("limit 7");
        assertThatThrownBy(forbidden::join)
                .hasCauseInstanceOf(ChatQueueException.class)
                .hasMessageContaining("topic chat.requests: not allowed; grant this client's user WRITE");
        assertThat(pending.size()).isZero();
    }

    @Test
    void sendsNothingToAMissingTopic() {
        topicCheck = topic -> {
            throw new ChatQueueException("no topic " + topic);
        };

        assertThatThrownBy(queue.submit(REQUEST)::join).hasCauseInstanceOf(ChatQueueException.class);
        assertThatThrownBy(queue.ask(REQUEST)::join).hasCauseInstanceOf(ChatQueueException.class);
        assertThat(producer.history()).isEmpty();
    }

    @Test
    void refusesABodyOverItsLimit() {
        ChatRequest large =
                ChatRequest.builder().model("m").user("x".repeat(1_000)).build();

        assertThatThrownBy(queue.submit(large)::join)
                .hasCauseInstanceOf(InvalidChatRequestException.class)
                .hasMessageContaining("body is 1055 bytes: must be at most 1000 bytes");
        assertThatThrownBy(queue.ask(large)::join).hasCauseInstanceOf(InvalidChatRequestException.class);
    }

    @Test
    void refusesAnInvalidDeadline() {
        ChatRequest later = ChatRequest.jsonBuilder(REQUEST.body())
                .notBefore(NOW.plusSeconds(60))
                .build();

        assertThatThrownBy(queue.ask(REQUEST, Duration.ZERO)::join).hasMessageContaining("deadline is PT0S");
        assertThatThrownBy(queue.ask(REQUEST, Duration.ofDays(366))::join).hasMessageContaining("deadline is PT8784H");
        assertThatThrownBy(queue.ask(later, Duration.ofSeconds(60))::join)
                .hasMessageContaining("deadline is before 2026-11-24T12:01:00Z");
    }

    @Test
    void completesAnAskWithItsReply() {
        CompletableFuture<ChatReply> reply = asked();
        ProducerRecord<byte[], byte[]> sent = sent();

        consumer.addRecord(SampleReplyRecords.ok(
                "chat.replies",
                0,
                7,
                "i",
                WireHeaders.bytes(sent.headers(), "kafka_correlationId").orElseThrow()));

        assertThat(reply.join().text()).isEqualTo("re i");
        assertThat(WireHeaders.text(sent.headers(), "kafka_replyTopic")).contains("chat.replies");
        assertThat(WireHeaders.replyPartition(sent.headers())).hasValue(0);
        assertThat(WireHeaders.number(sent.headers(), "sluice-expires-at"))
                .hasValue(NOW.plus(Duration.ofMinutes(5)).toEpochMilli());
        assertThat(consumers).hasValue(1);
    }

    @Test
    void keepsTheExpiryOfARequest() {
        repliesExist();
        CompletableFuture<ChatReply> unused = queue.ask(ChatRequest.jsonBuilder(REQUEST.body())
                .expiresAt(NOW.plusSeconds(7))
                .build());

        assertThat(WireHeaders.number(sent().headers(), "sluice-expires-at"))
                .hasValue(NOW.plusSeconds(7).toEpochMilli());
    }

    @Test
    void doesNotSendAnAskWhoseDeadlineHasPassed() {
        repliesExist();
        beforeInbox = () -> deadlines.advance(Duration.ofMinutes(5));

        CompletableFuture<ChatReply> reply = queue.ask(REQUEST);

        assertThatThrownBy(reply::join).hasCauseInstanceOf(ReplyTimeoutException.class);
        assertThat(producer.history()).isEmpty();
    }

    @Test
    void looksUpTheReplyTopicAgainWithTheNextAsk() {
        CompletableFuture<ChatReply> missing = queue.ask(REQUEST);

        assertThatThrownBy(missing::join)
                .hasCauseInstanceOf(ChatQueueException.class)
                .hasMessageContaining("reply topic chat.replies does not exist; run `sluice topics create`");
        assertThat(producer.history()).isEmpty();
        assertThat(pending.size()).isZero();
        assertThatThrownBy(queue.ask(REQUEST)::join).hasCauseInstanceOf(ChatQueueException.class);
        assertThat(consumers).hasValue(2);
    }

    @Test
    void continuesReadingAfterARetriableError() {
        CompletableFuture<ChatReply> reply = asked();

        consumer.setPollException(new DisconnectException("away"));
        consumer.schedulePollTask(() -> consumer.addRecord(SampleReplyRecords.ok(
                "chat.replies",
                0,
                7,
                "i",
                WireHeaders.bytes(sent().headers(), "kafka_correlationId").orElseThrow())));

        assertThat(reply.join().id()).isEqualTo("i");
    }

    @Test
    void failsWaitingAndNewRequestsAfterClose() {
        CompletableFuture<ChatReply> waiting = asked();

        queue.close();

        assertThatThrownBy(waiting::join).hasMessageContaining("the queue was closed before the reply came");
        assertThatThrownBy(queue.submit(REQUEST)::join).hasMessageContaining("the queue is closed");
        assertThatThrownBy(queue.ask(REQUEST)::join).hasMessageContaining("the queue is closed");
        assertThat(producer.closed()).isTrue();
        assertThat(consumer.closed()).isTrue();
    }

    private CompletableFuture<ChatReply> asked() {
        repliesExist();
        return queue.ask(REQUEST);
    }

    private void repliesExist() {
        Node node = new Node(0, "localhost", 9092);
        Node[] nodes = {node};
        consumer.updatePartitions("chat.replies", List.of(new PartitionInfo("chat.replies", 0, node, nodes, nodes)));
        consumer.updateEndOffsets(new HashMap<>(Map.of(REPLY_PARTITION, 7L)));
    }

    private void piecesExist() {
        Node node = new Node(0, "localhost", 9092);
        Node[] nodes = {node};
        pieceReader.updatePartitions("chat.streams", List.of(new PartitionInfo("chat.streams", 3, node, nodes, nodes)));
        pieceReader.updateEndOffsets(new HashMap<>(Map.of(new TopicPartition("chat.streams", 3), 0L)));
    }

    private ProducerRecord<byte[], byte[]> sent() {
        List<ProducerRecord<byte[], byte[]>> history = producer.history();
        return history.get(history.size() - 1);
    }
}
