package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.kafka.CompressionCodecs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests records that are compressed, on hosts that can and cannot load the library for it. */
class UnloadableCodecIT {
    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private static final int REQUESTS = 20;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({
        "zstd, -DZstdNativePath=/nonexistent.so",
        "snappy, -Dorg.xerial.snappy.tempdir=/dev/null/x",
        "snappy, -Dos.arch=unknown"
    })
    void aWorkerThatCannotUnpackRecordsEndsNone(String codec, String option) throws Exception {
        try (TestQueue queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
                TogetherStandIn api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY))) {
            publish(queue, codec);
            Path err = folder.resolve("err.txt");
            Process process = queue.worker(api.baseUrl(), List.of(option))
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(err.toFile())
                    .start();
            try {
                assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            } finally {
                process.destroyForcibly();
            }
            assertThat(process.exitValue()).isEqualTo(2);
            assertThat(Files.readString(err)).contains("compressed with " + codec, "-DZstdTempFolder=", "noexec");
            assertThat(queue.read(queue.topics.dead())).isEmpty();
            try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
                assertThat(queue.awaitReplies(REQUESTS))
                        .allSatisfy(reply -> assertThat(TestQueue.header(reply, WireHeaders.STATUS))
                                .isEqualTo("ok"));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "snappy", "lz4", "zstd", "none"})
    void everyCodecIsRead(String codec) throws Exception {
        try (TestQueue queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
                TogetherStandIn api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY))) {
            publish(queue, codec);
            try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
                queue.awaitReplies(REQUESTS);
            }
            assertThat(queue.read(queue.topics.dead())).isEmpty();
        }
    }

    @Test
    void thisHostHasAllCodecs() {
        assertThat(CompressionCodecs.problems()).isEmpty();
    }

    private static void publish(TestQueue queue, String codec) {
        Map<String, Object> config =
                Map.of("bootstrap.servers", kafka.bootstrapServers(), "compression.type", codec, "linger.ms", 200);
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < REQUESTS; i++) {
                Future<?> unused = producer.send(new ProducerRecord<>(
                        queue.topics.requests(), body("m", "text").getBytes(UTF_8)));
            }
        }
    }
}
