package dev.sluice.worker.batch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.ChatReply;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Elects a process, takes its election away, and elects it again. */
class KafkaBatchQueueTest {
    private static final Topics TOPICS = new Topics("chat");
    private static final TopicPartition REPLIES = new TopicPartition(TOPICS.batchReplies(), 0);
    private static final BatchQueue.Envelope ENVELOPE =
            new BatchQueue.Envelope("batch_1", Optional.empty(), Instant.parse("2026-11-30T12:00:00Z"));

    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("none");
    private final List<MockProducer<byte[], byte[]>> producers = new ArrayList<>();
    private final List<String> told = new ArrayList<>();
    private final List<ConsumerRecord<byte[], byte[]>> topic = new ArrayList<>();
    private final BatchQueue.Listener listener = new Told();
    private KafkaBatchQueue queue;

    /** Writes down what it is told. */
    private final class Told implements BatchQueue.Listener {
        @Override
        public void takenOver() {
            told.add("taken over");
        }

        @Override
        public void lost() {
            told.add("lost");
        }

        @Override
        public void sent(String batch, int line) {
            told.add("sent " + line);
        }

        @Override
        public void replied(String batch, int line, ChatReply reply) {
            told.add("replied " + line);
        }
    }

    @BeforeEach
    void open() {
        consumer.updateBeginningOffsets(Map.of(REPLIES, 0L));
        queue = new KafkaBatchQueue(TOPICS, consumer, this::newProducer, admin());
        queue.subscribe();
    }

    private Producer<byte[], byte[]> newProducer() {
        MockProducer<byte[], byte[]> producer =
                new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
        producers.add(producer);
        return producer;
    }

    /** Returns a client that is asked for the end of the topic alone. */
    private Admin admin() {
        return (Admin) Proxy.newProxyInstance(
                Admin.class.getClassLoader(), new Class<?>[] {Admin.class}, (proxy, method, arguments) -> {
                    if (!method.getName().equals("listOffsets")) {
                        throw new UnsupportedOperationException(method.getName());
                    }
                    ListOffsetsResultInfo end = new ListOffsetsResultInfo(topic.size(), -1, Optional.empty());
                    return new ListOffsetsResult(Map.of(REPLIES, KafkaFuture.completedFuture(end)));
                });
    }

    /** Elects this process while it polls, as a consumer's group does. */
    private void elect() throws IOException {
        consumer.schedulePollTask(this::assign);
        poll();
    }

    private void electAnother() throws IOException {
        consumer.schedulePollTask(this::revoke);
        poll();
    }

    private void assign() {
        consumer.rebalance(List.of(REPLIES));
        topic.forEach(consumer::addRecord);
    }

    private void revoke() {
        consumer.rebalance(List.of());
    }

    /** Puts a reply to a line on the topic. */
    private void reply(int line) {
        ConsumerRecord<byte[], byte[]> record =
                new ConsumerRecord<>(REPLIES.topic(), 0, topic.size(), null, "{}".getBytes(UTF_8));
        WireHeaders.set(record.headers(), WireHeaders.ID, BatchQueue.requestId(ENVELOPE.batch(), line));
        WireHeaders.set(record.headers(), WireHeaders.STATUS, WireHeaders.OK);
        topic.add(record);
    }

    private void poll() throws IOException {
        queue.poll(Duration.ZERO, true, listener);
    }

    private int send(int... lines) {
        return queue.send(
                ENVELOPE,
                IntStream.of(lines).mapToObj(KafkaBatchQueueTest::line).toList());
    }

    private static BatchLine line(int number) {
        String line = "{\"custom_id\":\"c" + number + "\",\"body\":{\"model\":\"m\",\"messages\":[]}}";
        return BatchLine.parse(number, line.getBytes(UTF_8), 1_000);
    }

    @Test
    void whoIsElectedAgainSendsAsBefore() throws Exception {
        elect();
        assertThat(send(1, 2)).isEqualTo(2);
        electAnother();
        elect();

        assertThat(send(3)).isEqualTo(1);

        assertThat(told).containsExactly("taken over", "lost", "taken over");
        assertThat(producers).hasSize(2);
        assertThat(producers.get(0).closed()).isTrue();
        assertThat(producers.get(0).history()).hasSize(3);
        // the request, and the note that says so
        assertThat(producers.get(1).history())
                .extracting(sent -> sent.topic() + " " + new String(sent.key(), UTF_8))
                .containsExactly("chat.requests batch_1-3", REPLIES.topic() + " batch_1-3");
    }

    @Test
    void whoIsElectedAgainReadsOnFromTheLastCommit() throws Exception {
        reply(1);
        elect();
        poll();
        queue.commit();
        reply(2);
        consumer.addRecord(topic.get(1));
        poll();
        assertThat(queue.isCaughtUp()).isTrue();
        electAnother();
        queue.commit(); // it is another one's turn to say so
        assertThat(queue.isCaughtUp()).isFalse();
        reply(3);

        elect();
        assertThat(queue.isCaughtUp()).isFalse();
        poll();

        assertThat(queue.isCaughtUp()).isTrue();
        assertThat(told)
                .containsExactly(
                        "taken over", "replied 1", "replied 2", "lost", "taken over", "replied 2", "replied 3");
    }

    @Test
    void anElectionThatIsLostAndWonInOnePollIsLostFirst() throws Exception {
        elect();
        consumer.schedulePollTask(() -> {
            revoke();
            assign();
        });

        poll();

        assertThat(told).containsExactly("taken over", "lost", "taken over");
        assertThat(send(1)).isEqualTo(1);
    }

    @Test
    void whoLosesItsElectionBeforeItCouldBeginIsToldNothing() throws Exception {
        consumer.schedulePollTask(() -> {
            assign();
            revoke();
        });

        poll();

        assertThat(told).isEmpty();
    }
}
