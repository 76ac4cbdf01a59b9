package dev.sluice.worker.batch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.ChatReply;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.cli.TestTerminal;
import dev.sluice.worker.text.CommandException;
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
    private KafkaProducer<byte[], byte[]> somebodyElse;
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
        somebodyElse = producer(Map.of("transactional.id", topics.base()));
        somebodyElse.initTransactions();
        point = ResumePoint.now(admin, topics, null);
    }

    @AfterEach
    void close() {
        publisher.close(Duration.ZERO);
        somebodyElse.close(Duration.ZERO);
        admin.close();
    }

    /** Lets the other one's transaction end as soon as all that can be read with it open has been read. */
    private final class Found implements PreviousRun.Findings {
        private final Set<Integer> published = new TreeSet<>();
        private boolean ends;

        @Override
        public void published(int line) {
            published.add(line);
        }

        @Override
        public void ended(int line, ChatReply reply) {
            throw new AssertionError("nothing has ended");
        }

        @Override
        public boolean goOn() {
            if (ends && published.equals(Set.of(1))) {
                somebodyElse.abortTransaction();
                ends = false;
            }
            return true;
        }
    }

    @Test
    void requestsBehindATransactionThatIsOpenAreFoundWhenItHasEnded() throws Exception {
        publish(publisher, PREFIX + 1);
        publishInATransaction();
        publish(publisher, PREFIX + 2);
        Found found = new Found();
        found.ends = true;

        try (KafkaPreviousRun run = earlier(Duration.ofSeconds(30))) {
            run.catchUp(found);
        }

        assertThat(found.ends).isFalse();
        assertThat(found.published).containsExactly(1, 2);
    }

    @Test
    void aTransactionThatDoesNotEndIsSaidAndNothingIsTakenForNeverSent() throws Exception {
        publishInATransaction();
        publish(publisher, PREFIX + 2);

        try (KafkaPreviousRun run = earlier(Duration.ofMillis(300))) {
            assertThatThrownBy(() -> run.catchUp(new Found()))
                    .isInstanceOf(CommandException.class)
                    .hasMessageContaining("could not read [" + topics.requests() + "-0] to the end for 300ms")
                    .hasMessageContaining("a transaction stays open");
        }
    }

    private KafkaPreviousRun earlier(Duration patience) throws InterruptedException {
        Map<String, Object> committed = new HashMap<>(config);
        committed.put("isolation.level", "read_committed");
        Consumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(committed, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        return new KafkaPreviousRun(consumer, point, PREFIX, ResumePoint.Ends.now(admin, topics), patience);
    }

    /** Of the same batch, as a replay of its dead letters would be; aborted, it is none. */
    private void publishInATransaction() throws Exception {
        somebodyElse.beginTransaction();
        publish(somebodyElse, PREFIX + 3);
    }

    private void publish(KafkaProducer<byte[], byte[]> producer, String id) throws Exception {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topics.requests(), "{}".getBytes(UTF_8));
        WireHeaders.set(record.headers(), WireHeaders.ID, id);
        producer.send(record).get();
    }

    private KafkaProducer<byte[], byte[]> producer(Map<String, Object> more) {
        Map<String, Object> all = new HashMap<>(config);
        all.putAll(more);
        return new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
    }
}
