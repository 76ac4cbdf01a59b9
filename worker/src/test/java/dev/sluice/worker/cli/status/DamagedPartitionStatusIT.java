package dev.sluice.worker.cli.status;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.BrokerSettings;
import dev.sluice.sandbox.SandboxBroker;
import dev.sluice.wire.Topics;
import dev.sluice.worker.DamagedRecord;
import dev.sluice.worker.PackagedJar;
import dev.sluice.worker.cli.TestTerminal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class DamagedPartitionStatusIT {
    private static final int PARTITIONS = 4;
    private static final int DAMAGED = 2;

    private final TestTerminal terminal = new TestTerminal();
    private final Topics topics = new Topics("chat");

    @TempDir
    private Path folder;

    @Test
    void aDamagedPartitionIsNamedAndTheOthersAreRead() throws Exception {
        try (SandboxBroker broker =
                SandboxBroker.start(BrokerSettings.defaults().withDataFolder(folder.resolve("broker")))) {
            String servers = "--bootstrap-servers=" + broker.bootstrapServers();
            assertThat(terminal.run("topics", "create", "--partitions=" + PARTITIONS, servers))
                    .isZero();
            fill(broker.bootstrapServers());
            broker.stop();
            DamagedRecord.damage(folder.resolve("broker/data/" + topics.requests() + "-" + DAMAGED), "request");
            broker.startAgain();
            TestTerminal status = new TestTerminal();

            assertThat(status.run("status", "--json", servers)).as(status.err()).isZero();

            JsonNode json = JsonMapper.shared().readTree(status.out());
            for (JsonNode partition :
                    json.get("waiting").get(0).get("partitions").values()) {
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
                    .startsWith("the oldest of " + topics.requests() + "-" + DAMAGED + " could not be read (");
        }
    }

    @Test
    void lettersBehindADamagedOneAreAnUpperBound() throws Exception {
        try (SandboxBroker broker =
                SandboxBroker.start(BrokerSettings.defaults().withDataFolder(folder.resolve("broker")))) {
            String servers = "--bootstrap-servers=" + broker.bootstrapServers();
            assertThat(terminal.run("topics", "create", "--partitions=" + PARTITIONS, servers))
                    .isZero();
            put(broker.bootstrapServers(), topics.dead(), DAMAGED, "first", "second", "third");
            put(broker.bootstrapServers(), topics.dead(), 0, "other");
            broker.stop();
            DamagedRecord.damage(folder.resolve("broker/data/" + topics.dead() + "-" + DAMAGED), "second");
            broker.startAgain();
            TestTerminal status = new TestTerminal();

            assertThat(status.run("status", "--json", servers)).as(status.err()).isZero();

            JsonNode json = JsonMapper.shared().readTree(status.out());
            JsonNode damaged = json.get("dead").get("partitions").get(DAMAGED);
            assertThat(damaged.get("open").asLong()).isEqualTo(3);
            assertThat(damaged.get("exact").asBoolean()).isFalse();
            assertThat(damaged.get("oldest_age_ms").isNumber()).isTrue();
            assertThat(json.get("dead").get("partitions").get(0).get("exact").asBoolean())
                    .isTrue();
            assertThat(json.get("problems").values())
                    .extracting(JsonNode::asString)
                    .anyMatch(problem -> problem.startsWith(
                            "the dead letters of " + topics.dead() + "-" + DAMAGED + " could not be counted ("));
        }
    }

    // The record takes some kilobytes on the wire, so the bounds of a fetch do not help.
    @Test
    void aPartitionIsNamedIfItsRecordDecompressesToMoreThanTheHeap() throws Exception {
        try (SandboxBroker broker = SandboxBroker.start()) {
            String servers = "--bootstrap-servers=" + broker.bootstrapServers();
            assertThat(terminal.run("topics", "create", "--partitions=" + PARTITIONS, servers))
                    .isZero();
            fill(broker.bootstrapServers());
            putLargerThanTheHeap(broker.bootstrapServers());
            Path words = folder.resolve("words");

            Process status = PackagedJar.process(List.of("-Xmx96m"), List.of("status", servers))
                    .redirectErrorStream(true)
                    .redirectOutput(words.toFile())
                    .start();

            assertThat(status.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(status.exitValue()).as(Files.readString(words)).isZero();
            assertThat(Files.readString(words))
                    .containsPattern("dead letters +<= 1")
                    .contains("the dead letters of " + topics.dead() + "-0 could not be counted (its record unpacks")
                    .doesNotContain("OutOfMemoryError");
        }
    }

    private void putLargerThanTheHeap(String servers) throws Exception {
        int size = 100 << 20;
        Map<String, Object> config = Map.of(
                "bootstrap.servers",
                servers,
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
            producer.send(new ProducerRecord<>(topics.dead(), 0, null, new byte[size]))
                    .get();
        }
    }

    private void fill(String servers) throws Exception {
        for (int partition = 0; partition < PARTITIONS; partition++) {
            put(servers, topics.requests(), partition, "request");
        }
    }

    private static void put(String servers, String topic, int partition, String... values) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", servers), new ByteArraySerializer(), new ByteArraySerializer())) {
            for (String value : values) {
                producer.send(new ProducerRecord<>(topic, partition, null, value.getBytes(UTF_8)))
                        .get();
            }
        }
    }
}
