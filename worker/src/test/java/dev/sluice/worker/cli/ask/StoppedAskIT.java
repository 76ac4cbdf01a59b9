package dev.sluice.worker.cli.ask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.CancelMark;
import dev.sluice.wire.Topics;
import dev.sluice.worker.PackagedJar;
import dev.sluice.worker.cli.TestTerminal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Stops the packaged {@code ask} while it waits, as Ctrl-C does. */
@Timeout(90)
class StoppedAskIT {
    private static final Pattern CANCELLED = Pattern.compile("stopped; request (\\S+) is cancelled");

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"--temperature=1", "--stream"})
    void itsRequestIsCancelled(String option) throws Exception {
        Topics topics = new Topics(kafka.uniqueName("stopped"));
        String servers = "--bootstrap-servers=" + kafka.bootstrapServers();
        String topic = "--topic=" + topics.base();
        assertThat(new TestTerminal().run("topics", "create", "--partitions=1", topic, servers))
                .isZero();
        Path errors = folder.resolve("errors");
        Process ask = PackagedJar.process(List.of(), List.of("ask", "--model=m", option, topic, servers, "Hi"))
                .redirectError(errors.toFile())
                .start();
        try (KafkaConsumer<byte[], byte[]> requests = reader(topics.requests());
                KafkaConsumer<byte[], byte[]> marks = reader(topics.cancels())) {
            await().atMost(Duration.ofSeconds(40))
                    .until(() -> !requests.poll(Duration.ofMillis(100)).isEmpty());

            ask.destroy();

            assertThat(ask.waitFor(20, TimeUnit.SECONDS)).isTrue();
            Matcher said = CANCELLED.matcher(Files.readString(errors));
            assertThat(said.find()).isTrue();
            List<Optional<CancelMark>> found = new ArrayList<>();
            await().until(() -> {
                marks.poll(Duration.ofMillis(100)).forEach(mark -> found.add(CancelMark.of(mark.headers())));
                return !found.isEmpty();
            });
            assertThat(found).contains(Optional.of(CancelMark.ofId(said.group(1))));
        } finally {
            ask.destroyForcibly();
        }
    }

    private static KafkaConsumer<byte[], byte[]> reader(String topic) {
        KafkaConsumer<byte[], byte[]> reader = new KafkaConsumer<>(
                Map.of("bootstrap.servers", kafka.bootstrapServers(), "auto.offset.reset", "earliest"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        reader.assign(List.of(new TopicPartition(topic, 0)));
        return reader;
    }
}
