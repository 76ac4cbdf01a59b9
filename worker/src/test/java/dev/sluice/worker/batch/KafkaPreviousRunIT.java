package dev.sluice.worker.batch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.ChatReply;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.cli.TestTerminal;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class KafkaPreviousRunIT {
    private static final String PREFIX = "batch-x-";

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private final TestTerminal terminal = new TestTerminal();
    private final Topics topics = new Topics(kafka.uniqueName("earlier"));
    private final Map<String, Object> config = Map.of("bootstrap.servers", kafka.bootstrapServers());
    private Admin admin;
    private KafkaProducer<byte[], byte[]> publisher;
    private KafkaProducer<byte[], byte[]> transactionalProducer;
    private ResumePoint point;

    @BeforeEach
    void open() throws Exception {
        assertThat(terminal.run(
                        "topics",
                        "create",
                        "--partitions=1",
                        "--topic=" + topics.base(),
                        "--bootstrap-servers=" + kafka.bootstrapServers()))
                .isZero();
        admin = Admin.create(config);
        publisher = producer(Map.of());
        transactionalProducer = producer(Map.of("transactional.id", topics.base()));
        transactionalProducer.initTransactions();
        point = ResumePoint.now(admin, topics.requests(), topics.replies(), null);
    }

    @AfterEach
    void close() {
        publisher.close(Duration.ZERO);
        transactionalProducer.close(Duration.ZERO);
        admin.close();
    }

    /** Collects requests, and can abort the open transaction as soon as the request before it has been read. */
    private final class CollectingListener implements PreviousRun.Listener {
        private final Set<Integer> published = new TreeSet<>();
        private boolean abortsTransaction;

        @Override
        public void published(int line) {
            published.add(line);
        }

        @Override
        public void replied(int line, ChatReply reply) {
            throw new AssertionError("there is no reply");
        }

        @Override
        public boolean shouldContinue() {
            if (abortsTransaction && published.equals(Set.of(1))) {
                transactionalProducer.abortTransaction();
                abortsTransaction = false;
            }
            return true;
        }
    }

    @Test
    void requestsAfterAnOpenTransactionAreFoundOnceItHasEnded() throws Exception {
        publish(publisher, PREFIX + 1);
        publishInATransaction();
        publish(publisher, PREFIX + 2);
        CollectingListener listener = new CollectingListener();
        listener.abortsTransaction = true;

        try (KafkaPreviousRun run = previousRun(Duration.ofSeconds(30))) {
            run.catchUp(listener);
        }

        assertThat(listener.abortsTransaction).isFalse();
        assertThat(listener.published).containsExactly(1, 2);
    }

    @Test
    void catchingUpStallsAtATransactionThatStaysOpen() throws Exception {
        publishInATransaction();
        publish(publisher, PREFIX + 2);

        try (KafkaPreviousRun run = previousRun(Duration.ofMillis(300))) {
            PreviousRun.StalledException stalled = catchThrowableOfType(
                    PreviousRun.StalledException.class, () -> run.catchUp(new CollectingListener()));

            assertThat(stalled.unfinished()).containsExactly(new TopicPartition(topics.requests(), 0));
            assertThat(stalled.patience()).isEqualTo(Duration.ofMillis(300));
        }
    }

    @Test
    void findsRequestsOnWhicheverTopicTheyWentTo() throws Exception {
        publish(publisher, topics.express(), PREFIX + 9);
        ResumePoint first = ResumePoint.now(admin, topics.express(), topics.replies(), null);
        publish(publisher, topics.express(), PREFIX + 1);
        publish(publisher, topics.requests(), PREFIX + 8);
        assertThat(first.publishesTo(topics.requests())).isFalse();
        point = first.publishingTo(topics.requests(), admin);
        publish(publisher, topics.requests(), PREFIX + 2);
        CollectingListener listener = new CollectingListener();

        try (KafkaPreviousRun run = previousRun(Duration.ofSeconds(30))) {
            run.catchUp(listener);
        }

        assertThat(point.publishesTo(topics.requests())).isTrue();
        assertThat(listener.published).containsExactly(1, 2);
    }

    private KafkaPreviousRun previousRun(Duration patience) throws InterruptedException {
        Map<String, Object> committed = new HashMap<>(config);
        committed.put("isolation.level", "read_committed");
        Consumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(committed, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        return new KafkaPreviousRun(consumer, point, PREFIX, point.endsNow(admin), patience);
    }

    /** Publishes a request of the same batch, as a replay of its dead letters would. */
    private void publishInATransaction() throws Exception {
        transactionalProducer.beginTransaction();
        publish(transactionalProducer, PREFIX + 3);
    }

    private void publish(KafkaProducer<byte[], byte[]> producer, String id) throws Exception {
        publish(producer, topics.requests(), id);
    }

    private static void publish(KafkaProducer<byte[], byte[]> producer, String topic, String id) throws Exception {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, "{}".getBytes(UTF_8));
        WireHeaders.set(record.headers(), WireHeaders.ID, id);
        producer.send(record).get();
    }

    private KafkaProducer<byte[], byte[]> producer(Map<String, Object> more) {
        Map<String, Object> all = new HashMap<>(config);
        all.putAll(more);
        return new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
    }
}
