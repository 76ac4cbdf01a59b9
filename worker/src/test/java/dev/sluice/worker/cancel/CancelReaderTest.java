package dev.sluice.worker.cancel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.wire.CancelMark;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.LogLines;
import dev.sluice.worker.kafka.RetryLoop;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CancelReaderTest {
    private static final Topics TOPICS = new Topics("chat");
    private static final TopicPartition FIRST = new TopicPartition(TOPICS.cancels(), 0);
    private static final TopicPartition SECOND = new TopicPartition(TOPICS.cancels(), 1);
    private static final Duration BOUND = Duration.ofSeconds(20);
    private static final Headers NONE = new RecordHeaders();

    private final CancelMarks marks = new CancelMarks();
    private final AtomicInteger news = new AtomicInteger();
    private final BlockingQueue<MarksConsumer> consumers = new LinkedBlockingQueue<>();
    private final LogLines log = new LogLines(CancelReader.class);
    private final CancelReader reader = new CancelReader(
            TOPICS.cancels(),
            // Without another consumer the reader waits, as for a Kafka that does not answer.
            this::nextConsumer,
            marks,
            Clock.systemUTC(),
            news::incrementAndGet,
            new RetryLoop("reading cancel marks", Duration.ofMillis(1)));
    private final Thread thread = new Thread(reader, "cancels");

    @AfterEach
    void stop() throws InterruptedException {
        reader.stop();
        thread.interrupt();
        thread.join(BOUND.toMillis());
        log.close();
        assertThat(thread.isAlive()).isFalse();
    }

    @Test
    void theFirstCallWaitsForTheMarksThatAreThere() {
        MarksConsumer consumer = new MarksConsumer(FIRST);
        consumer.holds(FIRST, 0, CancelMark.ofId("a"), CancelMark.ofGroup("g"));

        read(consumer);

        reader.awaitFirstReading();
        assertThat(isCancelled("a")).isTrue();
        assertThat(marks.include("b", 500, grouped("g"))).isTrue();
        assertThat(isCancelled("g")).isFalse();
        assertThat(log.all()).isEmpty();
    }

    @Test
    void onlyTheLatestMarksAreRead() {
        long end = CancelMarks.MAX + 5;
        MarksConsumer consumer = new MarksConsumer(FIRST);
        consumer.holds(FIRST, end - 1, CancelMark.ofId("latest"));

        read(consumer);

        reader.awaitFirstReading();
        assertThat(consumer.soughtTo).isEqualTo(5);
        assertThat(isCancelled("latest")).isTrue();
    }

    /** A broker that makes topics by itself gives them its own number of partitions, and kcat chooses any of them. */
    @Test
    void marksOfEveryPartitionCount() {
        MarksConsumer consumer = new MarksConsumer(FIRST, SECOND);
        consumer.holds(FIRST, 0, CancelMark.ofId("a"));
        consumer.holds(SECOND, 0, CancelMark.ofId("b"), CancelMark.ofId("c"));

        read(consumer);

        reader.awaitFirstReading();
        assertThat(List.of("a", "b", "c")).allMatch(this::isCancelled);
    }

    @Test
    void aKafkaThatIsAwayIsSaidOnceAndHoldsUpNoCall() {
        read(failing(), failing(), failing());

        reader.awaitFirstReading();
        await().atMost(BOUND).until(consumers::isEmpty);
        assertThat(log.all())
                .containsExactly("WARN Cancel marks cannot be read; cancelled requests are called"
                        + " topic=\"chat.cancels\" reason=\"org.apache.kafka.common.errors.TimeoutException: away\"");

        MarksConsumer back = new MarksConsumer(FIRST);
        back.holds(FIRST, 0, CancelMark.ofId("a"));
        consumers.add(back);

        await().atMost(BOUND).until(() -> isCancelled("a"));
        await().atMost(BOUND)
                .untilAsserted(() -> assertThat(log.all())
                        .hasSize(2)
                        .last()
                        .isEqualTo("INFO Cancel marks are read topic=\"chat.cancels\""));
    }

    @Test
    void aRightThatIsTakenAwayIsNamedAndMarksThatWereReadStillCount() {
        MarksConsumer consumer = new MarksConsumer(FIRST);
        consumer.holds(FIRST, 0, CancelMark.ofId("a"));
        read(consumer);
        reader.awaitFirstReading();

        consumer.setPollException(new TopicAuthorizationException(Set.of(FIRST.topic())));

        await().atMost(BOUND).until(consumer::closed);
        await().atMost(BOUND)
                .untilAsserted(() -> assertThat(log.all())
                        .singleElement()
                        .asString()
                        .startsWith("WARN Cancel marks cannot be read")
                        .contains("give this user Read on topic chat.cancels"));
        assertThat(isCancelled("a")).isTrue();

        MarksConsumer allowed = new MarksConsumer(FIRST);
        allowed.holds(FIRST, 0, CancelMark.ofId("a"), CancelMark.ofId("b"));
        consumers.add(allowed);
        await().atMost(BOUND).until(() -> isCancelled("b"));
        assertThat(marks.size()).isEqualTo(2);
    }

    @Test
    void aTopicThatIsMissingIsLookedForAgain() {
        MarksConsumer later = new MarksConsumer(FIRST);
        later.holds(FIRST, 0, CancelMark.ofId("a"));

        read(new MarksConsumer(), new MarksConsumer(), later);

        await().atMost(BOUND).until(() -> isCancelled("a"));
        assertThat(log.all()).as("the check at the start has told").isEmpty();
    }

    @Test
    void whatIsNoMarkIsPassedOver() {
        MarksConsumer consumer = new MarksConsumer(FIRST);
        consumer.holds(FIRST, 0, NONE, expiring("a", "soon"), marked(CancelMark.ofId("b")));

        read(consumer);

        reader.awaitFirstReading();
        await().atMost(BOUND).until(() -> isCancelled("b"));
        assertThat(isCancelled("a")).as("an end that cannot be read is none").isTrue();
        assertThat(marks.size()).isEqualTo(2);
        assertThat(news).hasValue(1);
        assertThat(log.all()).isEmpty();
    }

    private void read(MarksConsumer... inTurn) {
        consumers.addAll(List.of(inTurn));
        thread.start();
    }

    private MarksConsumer nextConsumer() {
        try {
            return consumers.take();
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private boolean isCancelled(String id) {
        return marks.include(id, 500, NONE);
    }

    private static Headers grouped(String group) {
        return new RecordHeaders().add(WireHeaders.GROUP, group.getBytes(UTF_8));
    }

    private static Headers marked(CancelMark mark) {
        return mark.record(TOPICS).headers();
    }

    private static Headers expiring(String id, String expiresAt) {
        Headers headers = marked(CancelMark.ofId(id));
        WireHeaders.set(headers, WireHeaders.EXPIRES_AT, expiresAt);
        return headers;
    }

    private static MarksConsumer failing() {
        return new MarksConsumer() {
            @Override
            public synchronized List<PartitionInfo> partitionsFor(String topic, Duration timeout) {
                throw new TimeoutException("away");
            }
        };
    }

    /** A consumer whose partitions hold records before they are assigned. */
    private static class MarksConsumer extends MockConsumer<byte[], byte[]> {
        private final List<TopicPartition> partitions;
        private final Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> held = new HashMap<>();
        private volatile long soughtTo;

        MarksConsumer(TopicPartition... partitions) {
            super("earliest");
            this.partitions = List.of(partitions);
            for (TopicPartition partition : partitions) {
                end(partition, 0);
            }
        }

        private void end(TopicPartition partition, long end) {
            updateBeginningOffsets(Map.of(partition, 0L));
            updateEndOffsets(Map.of(partition, end));
        }

        void holds(TopicPartition partition, long first, CancelMark... marks) {
            holds(
                    partition,
                    first,
                    Arrays.stream(marks).map(CancelReaderTest::marked).toArray(Headers[]::new));
        }

        void holds(TopicPartition partition, long first, Headers... records) {
            held.put(
                    partition,
                    IntStream.range(0, records.length)
                            .mapToObj(i -> record(partition, first + i, records[i]))
                            .toList());
            end(partition, first + records.length);
        }

        private static ConsumerRecord<byte[], byte[]> record(TopicPartition partition, long offset, Headers headers) {
            return new ConsumerRecord<>(
                    partition.topic(),
                    partition.partition(),
                    offset,
                    1_000,
                    TimestampType.LOG_APPEND_TIME,
                    0,
                    0,
                    new byte[0],
                    new byte[0],
                    headers,
                    Optional.empty());
        }

        @Override
        public synchronized List<PartitionInfo> partitionsFor(String topic, Duration timeout) {
            return partitions.stream()
                    .map(partition -> new PartitionInfo(topic, partition.partition(), null, null, null))
                    .toList();
        }

        @Override
        public synchronized void seek(TopicPartition partition, long offset) {
            super.seek(partition, offset);
            soughtTo = offset;
            held.getOrDefault(partition, List.of()).forEach(this::addRecord);
        }
    }
}
