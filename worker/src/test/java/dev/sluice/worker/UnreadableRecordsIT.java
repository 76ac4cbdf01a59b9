package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static dev.sluice.worker.TestQueue.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.sluice.sandbox.BrokerSettings;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.wire.WireHeaders;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Tests that a worker reads past records that make {@code poll} throw. */
class UnreadableRecordsIT {
    private static final int BUNDLE = 1;

    @TempDir
    private static Path folder;

    @RegisterExtension
    static final OwnBroker own =
            new OwnBroker(() -> BrokerSettings.defaults().withDataFolder(folder.resolve("broker")));

    private TestQueue queue;
    private TogetherStandIn api;

    @BeforeEach
    void open(TestInfo test) throws Exception {
        queue = new TestQueue(
                own.get().bootstrapServers(), test.getTestMethod().orElseThrow().getName());
        api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY));
    }

    @AfterEach
    void close() {
        api.close();
        queue.close();
    }

    @Test
    void skipsADamagedRecord() throws Exception {
        publish("before");
        publish("damaged");
        publish("behind");
        own.get().stop();
        DamagedRecord.damage(folder.resolve("broker/data/" + queue.topics.requests() + "-" + BUNDLE), "damaged");
        own.get().startAgain();

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            queue.awaitReplies(3);
        }

        assertTheMiddleRecordIsSkipped();
        assertThat(api.calls("before")).isEqualTo(1);
        assertThat(api.calls("behind")).isEqualTo(1);
    }

    @Test
    void skipsARecordThatDecompressesToMoreThanTheHeap() throws Exception {
        publish("before");
        publishInOneBatch(1, 100 << 20);
        publish("behind");

        Process worker = startWorkerProcess("-Xmx128m");
        try {
            queue.awaitReplies(3);
        } finally {
            worker.destroy();
        }

        assertThat(worker.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertTheMiddleRecordIsSkipped();
    }

    /** Each of the records alone fits into the heap. */
    @Test
    void readsRecordsOneByOneIfTheyDecompressToMoreThanTheHeapTogether() throws Exception {
        publish("before");
        publishInOneBatch(8, 20 << 20);
        publish("behind");

        Process worker = startWorkerProcess("-Xmx128m");
        try {
            queue.awaitReplies(10);
        } finally {
            worker.destroy();
        }

        assertThat(worker.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(queue.read(queue.topics.dead()))
                .hasSize(8)
                .allSatisfy(deadLetter ->
                        assertThat(header(deadLetter, WireHeaders.REASON)).isEqualTo("too_large"));
        assertThat(api.calls("behind")).isEqualTo(1);
    }

    private void publish(String text) {
        queue.send(new ProducerRecord<>(
                queue.topics.requests(), BUNDLE, null, body("m", text).getBytes(UTF_8)));
    }

    /** Publishes records of zeros, which take some kilobytes on the wire and on disk. */
    private void publishInOneBatch(int records, int bytes) throws Exception {
        int batch = records * (bytes + bytes / 10); // the producer expects more than the size of the records
        Map<String, Object> config = Map.of(
                "bootstrap.servers",
                own.get().bootstrapServers(),
                "compression.type",
                "zstd",
                "max.request.size",
                batch,
                "batch.size",
                batch,
                "linger.ms",
                5_000,
                "buffer.memory",
                batch + 100_000L);
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            byte[] value = new byte[bytes];
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (int i = 0; i < records; i++) {
                sent.add(producer.send(new ProducerRecord<>(queue.topics.requests(), BUNDLE, null, value)));
            }
            producer.flush();
            for (Future<RecordMetadata> each : sent) {
                each.get();
            }
        }
    }

    private void assertTheMiddleRecordIsSkipped() {
        String position = queue.topics.requests() + "-" + BUNDLE + "@1";
        List<ConsumerRecord<byte[], byte[]>> deadLetters = queue.read(queue.topics.dead());
        assertThat(deadLetters).hasSize(1);
        assertThat(deadLetters.get(0).value()).isNull();
        assertThat(header(deadLetters.get(0), WireHeaders.REASON)).isEqualTo("unreadable");
        assertThat(header(deadLetters.get(0), WireHeaders.ORIGIN)).isEqualTo(position);
        assertThat(queue.read(queue.topics.replies()))
                .extracting(reply -> header(reply, WireHeaders.ID), reply -> header(reply, WireHeaders.STATUS))
                .containsExactlyInAnyOrder(
                        tuple(position.replace("@1", "@0"), "ok"),
                        tuple(position, "failed"),
                        tuple(position.replace("@1", "@2"), "ok"));
    }

    private Process startWorkerProcess(String heap) throws IOException {
        return queue.worker(api.baseUrl(), List.of(heap)).inheritIO().start();
    }
}
