package dev.sluice.worker.cli.status;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.BrokerSettings;
import dev.sluice.wire.Topics;
import dev.sluice.worker.DamagedRecord;
import dev.sluice.worker.OwnBroker;
import dev.sluice.worker.PackagedJar;
import dev.sluice.worker.cli.TestTerminal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class DamagedPartitionStatusIT {
    private static final int PARTITIONS = 4;
    private static final int DAMAGED = 2;
    private static final Topics OF_REQUESTS = new Topics("damaged-request");
    private static final Topics OF_LETTERS = new Topics("damaged-letter");
    private static final Topics OF_LARGE_LETTER = new Topics("large-letter");

    @TempDir
    private static Path folder;

    @RegisterExtension
    static final OwnBroker own =
            new OwnBroker(() -> BrokerSettings.defaults().withDataFolder(folder.resolve("broker")));

    private final TestTerminal terminal = new TestTerminal();

    @BeforeAll
    static void fillAndDamage() throws Exception {
        for (Topics topics : List.of(OF_REQUESTS, OF_LETTERS, OF_LARGE_LETTER)) {
            TestTerminal create = new TestTerminal();
            List<String> words = new ArrayList<>(List.of("topics", "create", "--partitions=" + PARTITIONS));
            words.addAll(options(topics));
            assertThat(create.run(words.toArray(String[]::new)))
                    .as(create.err())
                    .isZero();
        }
        for (int partition = 0; partition < PARTITIONS; partition++) {
            put(OF_REQUESTS.requests(), partition, "request");
        }
        put(OF_LETTERS.dead(), DAMAGED, "first", "second", "third");
        put(OF_LETTERS.dead(), 0, "other");

        own.get().stop();
        DamagedRecord.damage(partition(OF_REQUESTS.requests()), "request");
        DamagedRecord.damage(partition(OF_LETTERS.dead()), "second");
        own.get().startAgain();
    }

    @Test
    void aDamagedPartitionIsNamedAndTheOthersAreRead() {
        JsonNode json = status(OF_REQUESTS);

        for (JsonNode partition : json.get("waiting").get(0).get("partitions").values()) {
            boolean damaged = partition.get("partition").asInt() == DAMAGED;
            assertThat(partition.get("oldest_age_ms").isNull()).isEqualTo(damaged);
            assertThat(partition.get("open").asLong()).isEqualTo(1);
            assertThat(partition.get("exact").asBoolean()).isEqualTo(!damaged);
        }
        assertThat(json.get("problems").values())
                .extracting(JsonNode::asString)
                .filteredOn(problem -> problem.contains("could not be read"))
                .singleElement()
                .asString()
                .startsWith("the oldest of " + OF_REQUESTS.requests() + "-" + DAMAGED + " could not be read (");
    }

    @Test
    void lettersBehindADamagedOneAreAnUpperBound() {
        JsonNode json = status(OF_LETTERS);

        JsonNode damaged = json.get("dead").get("partitions").get(DAMAGED);
        assertThat(damaged.get("open").asLong()).isEqualTo(3);
        assertThat(damaged.get("exact").asBoolean()).isFalse();
        assertThat(damaged.get("oldest_age_ms").isNumber()).isTrue();
        assertThat(json.get("dead").get("partitions").get(0).get("exact").asBoolean())
                .isTrue();
        assertThat(json.get("problems").values())
                .extracting(JsonNode::asString)
                .anyMatch(problem -> problem.startsWith(
                        "the dead letters of " + OF_LETTERS.dead() + "-" + DAMAGED + " could not be counted ("));
    }

    // The record takes some kilobytes on the wire, so the bounds of a fetch do not help.
    @Test
    void aPartitionIsNamedIfItsRecordDecompressesToMoreThanTheHeap() throws Exception {
        putLargerThanTheHeap(OF_LARGE_LETTER.dead());
        Path words = folder.resolve("words");
        List<String> command = new ArrayList<>(List.of("status"));
        command.addAll(options(OF_LARGE_LETTER));

        Process status = PackagedJar.process(List.of("-Xmx96m"), command)
                .redirectErrorStream(true)
                .redirectOutput(words.toFile())
                .start();

        assertThat(status.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(status.exitValue()).as(Files.readString(words)).isZero();
        assertThat(Files.readString(words))
                .containsPattern("dead letters +<= 1")
                .contains(
                        "the dead letters of " + OF_LARGE_LETTER.dead() + "-0 could not be counted (its record unpacks")
                .doesNotContain("OutOfMemoryError");
    }

    private JsonNode status(Topics topics) {
        List<String> words = new ArrayList<>(List.of("status", "--json"));
        words.addAll(options(topics));
        assertThat(terminal.run(words.toArray(String[]::new)))
                .as(terminal.err())
                .isZero();
        return JsonMapper.shared().readTree(terminal.out());
    }

    private static List<String> options(Topics topics) {
        return List.of("--bootstrap-servers=" + own.get().bootstrapServers(), "--topic=" + topics.base());
    }

    private static Path partition(String topic) {
        return folder.resolve("broker/data/" + topic + "-" + DAMAGED);
    }

    private static void putLargerThanTheHeap(String topic) throws Exception {
        int size = 100 << 20;
        Map<String, Object> config = Map.of(
                "bootstrap.servers",
                own.get().bootstrapServers(),
                "compression.type",
                "zstd",
                "max.request.size",
                size + size / 10,
                "batch.size",
                size + size / 10,
                "buffer.memory",
                size + size / 5L);
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(topic, 0, null, new byte[size])).get();
        }
    }

    private static void put(String topic, int partition, String... values) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", own.get().bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            for (String value : values) {
                producer.send(new ProducerRecord<>(topic, partition, null, value.getBytes(UTF_8)))
                        .get();
            }
        }
    }
}
