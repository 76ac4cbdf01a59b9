package dev.sluice.worker.pieces;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.wire.StreamPiece;
import dev.sluice.wire.Topics;
import dev.sluice.worker.LogLines;
import dev.sluice.worker.kafka.RetryLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.RoundRobinPartitioner;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class PieceWriterTest {
    private static final Topics TOPICS = new Topics("chat");
    private static final byte[] CORRELATION = {1, 2};
    private static final String CALL = "00112233aabbccdd";
    private static final int QUEUE = 20;
    private static final int PARTITIONS = 3;

    private final AtomicLong nanoTime = new AtomicLong();
    private final AtomicInteger made = new AtomicInteger();
    private final AtomicBoolean isOwned = new AtomicBoolean(true);
    private final RetryLoop retries = new RetryLoop("test", Duration.ofMillis(1));
    private final MockProducer<byte[], byte[]> kafka = producer(true);
    private volatile Producer<byte[], byte[]> producer = kafka;
    private final PieceWriter writer = new PieceWriter(
            TOPICS,
            () -> {
                made.incrementAndGet();
                return producer;
            },
            nanoTime::get,
            retries,
            new ChunkQueue(QUEUE, 1_000_000),
            Duration.ZERO);
    private final Thread thread = new Thread(writer, "test-pieces");

    @AfterEach
    void stop() throws InterruptedException {
        writer.stop();
        thread.join();
    }

    @Test
    void chunksThatWaitGoTogetherInTheirOrder() {
        PieceStream stream = open("2");
        stream.add(CALL, 0, bytes("{\"a\":1}"));
        stream.add(CALL, 1, bytes("{\"b\":\n2}"));
        thread.start();
        await().until(() -> writer.published() == 2);

        stream.add(CALL, 2, bytes("{}"));
        await().until(() -> writer.published() == 3);

        List<StreamPiece> pieces = pieces();
        assertThat(pieces).hasSize(2);
        assertThat(kafka.history())
                .allSatisfy(record -> assertThat(record.partition()).isEqualTo(2));
        assertThat(pieces.get(0).correlationId()).isEqualTo(CORRELATION);
        assertThat(pieces.get(0).call()).isEqualTo(CALL);
        assertThat(pieces.get(0).first()).isZero();
        assertThat(pieces.get(0).chunks()).containsExactly(bytes("{\"a\":1}"), bytes("{\"b\": 2}"));
        assertThat(pieces.get(1).first()).isEqualTo(2);
        assertThat(stream.isPublished()).isTrue();
        assertThat(writer.dropped()).isZero();
    }

    @Test
    void aProducerIsMadeForTheFirstStream() {
        thread.start();
        assertThat(made).hasValue(0);

        PieceStream stream = open("0");
        await().until(() -> made.get() == 1);

        stream.add(CALL, 0, bytes("{}"));
        await().until(() -> writer.published() == 1);
        assertThat(made).hasValue(1);
    }

    @Test
    void aLargeAnswerIsSeveralRecords() {
        PieceStream stream = open("0");
        for (int i = 0; i < 6; i++) {
            stream.add(CALL, i, bytes("\"" + "x".repeat(100_000) + "\""));
        }
        thread.start();

        await().until(() -> writer.published() == 6);

        assertThat(pieces()).extracting(StreamPiece::first).containsExactly(0L, 2L, 4L);
    }

    @Test
    void whatDoesNotFitIsDroppedAndEndsItsStream() {
        PieceStream stream = open("0");
        PieceStream other = open("1");
        for (int i = 0; i <= QUEUE; i++) {
            stream.add(CALL, i, bytes("{}"));
        }
        assertThat(writer.dropped()).isOne();
        thread.start();
        await().until(() -> writer.dropped() == QUEUE + 1);

        stream.add(CALL, QUEUE + 1, bytes("{}"));
        other.add(CALL, 0, bytes("{}"));
        await().until(() -> writer.published() == 1);

        assertThat(writer.dropped()).isEqualTo(QUEUE + 2);
        assertThat(stream.isPublished()).isFalse();
        assertThat(kafka.history()).hasSize(1);
    }

    @Test
    void theQueueIsBoundedInBytes() {
        PieceStream stream = open("0");

        stream.add(CALL, 0, new byte[900_000]);
        stream.add(CALL, 1, new byte[200_000]);

        assertThat(writer.dropped()).isOne();
    }

    @Test
    void whoHasLostItsPartitionPublishesNoMore() {
        PieceStream stream = open("0");
        isOwned.set(false);

        stream.add(CALL, 0, bytes("{}"));

        assertThat(stream.isPublished()).isFalse();
        thread.start();
        isOwned.set(true);
        open("1").add(CALL, 7, bytes("{}"));
        await().until(() -> writer.published() == 1);
        assertThat(kafka.history()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "1.0", "seven", "9999999999", "３"})
    void aPartitionThatIsNoNumberIsSaidOnceInAWhile(String partition) {
        try (LogLines log = new LogLines(PieceWriter.class)) {
            for (int i = 0; i < 5; i++) {
                open(partition).add(CALL, 0, bytes("{}"));
            }
            nanoTime.addAndGet(Duration.ofMinutes(1).toNanos());
            open(partition);

            assertThat(log.all())
                    .hasSize(2)
                    .allSatisfy(line -> assertThat(line)
                            .contains("sluice-stream-to is '" + partition + "'; it must be a decimal number"));
        }
    }

    @Test
    void aPartitionThatDoesNotExistStopsNoOtherStream() {
        try (LogLines log = new LogLines(PieceWriter.class)) {
            PieceStream wrong = open("3");
            wrong.add(CALL, 0, bytes("{}"));
            open("0").add("ffffffffffffffff", 0, bytes("{}"));
            thread.start();

            await().until(() -> writer.published() == 1);

            assertThat(writer.dropped()).isOne();
            assertThat(wrong.isPublished()).isFalse();
            assertThat(log.all()).singleElement().asString().contains("is '3'; it must be less than 3");
        }
    }

    @Test
    void aRightThatIsMissingDropsEverythingUntilItIsThere() {
        try (LogLines log = new LogLines(PieceWriter.class)) {
            MockProducer<byte[], byte[]> denied = producer(true);
            denied.partitionsForException = new TopicAuthorizationException("no", java.util.Set.of(TOPICS.streams()));
            producer = denied;
            PieceStream stream = open("0");
            thread.start();
            for (int i = 0; i < 5; i++) {
                long before = writer.dropped();
                PieceStream each = open("0");
                each.add(CALL, 0, bytes("{}"));
                await().until(() -> writer.dropped() == before + 1);
                assertThat(each.isPublished()).isFalse();
            }
            assertThat(log.all())
                    .singleElement()
                    .asString()
                    .contains("not published", "give this user Write on topic chat.streams");

            producer = kafka;
            await().until(() -> {
                open("0").add(CALL, 0, bytes("{}"));
                return writer.published() > 0;
            });
            assertThat(stream.isPublished()).isFalse();
        }
    }

    @Test
    void whatKafkaDoesNotTakeInTimeIsDropped() {
        MockProducer<byte[], byte[]> slow = producer(false);
        producer = slow;
        PieceStream stream = open("0");
        stream.add(CALL, 0, bytes("{}"));
        thread.start();
        await().until(() -> slow.history().size() == 1);
        assertThat(stream.isPublished()).as("it may be seen").isTrue();

        slow.errorNext(new TimeoutException("late"));

        assertThat(stream.isPublished()).isFalse();
        assertThat(writer.dropped()).isOne();
        await().until(slow::closed);
    }

    @Test
    void aRecordThatIsTooLargeEndsItsStreamAlone() {
        MockProducer<byte[], byte[]> slow = producer(false);
        producer = slow;
        open("0").add(CALL, 0, bytes("{}"));
        thread.start();
        await().until(() -> slow.history().size() == 1);
        slow.errorNext(new RecordTooLargeException("large"));

        open("0").add(CALL, 0, bytes("{}"));
        await().until(() -> slow.history().size() == 2);
        slow.completeNext();

        assertThat(writer.published()).isOne();
        assertThat(made).hasValue(1);
    }

    @Test
    void aStoppedWriterWritesWhatWaits() throws InterruptedException {
        thread.start();
        open("0").add(CALL, 0, bytes("{}"));
        await().until(() -> writer.published() == 1);
        open("0").add(CALL, 0, bytes("{}"));

        writer.stop();
        thread.join();

        assertThat(writer.published() + writer.dropped()).isEqualTo(2);
        assertThat(kafka.closed()).isTrue();
    }

    private PieceStream open(String partition) {
        return writer.open(new StreamTarget(CORRELATION, partition), isOwned::get);
    }

    private List<StreamPiece> pieces() {
        return kafka.history().stream()
                .map(record -> StreamPiece.of(record.headers(), record.value()).orElseThrow())
                .toList();
    }

    private static MockProducer<byte[], byte[]> producer(boolean completes) {
        List<PartitionInfo> partitions = new ArrayList<>();
        Node node = new Node(0, "localhost", 1);
        for (int i = 0; i < PARTITIONS; i++) {
            partitions.add(new PartitionInfo(TOPICS.streams(), i, node, null, null));
        }
        Cluster cluster = new Cluster("test", List.of(node), partitions, java.util.Set.of(), java.util.Set.of());
        return new MockProducer<>(
                cluster, completes, new RoundRobinPartitioner(), new ByteArraySerializer(), new ByteArraySerializer());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
