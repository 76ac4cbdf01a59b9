package dev.sluice.worker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.BrokerSettings;
import dev.sluice.sandbox.SandboxBroker;
import dev.sluice.wire.Topics;
import dev.sluice.worker.DamagedRecord;
import java.nio.file.Path;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class StatusOfDamagedIT {
    private static final int PARTITIONS = 4;
    private static final int DAMAGED = 2;

    private final TestShell shell = new TestShell();
    private final Topics topics = new Topics("chat");

    @TempDir
    private Path folder;

    @Test
    void theOldestOfTheOthersIsFoundAndThePartitionIsNamed() throws Exception {
        try (SandboxBroker broker =
                SandboxBroker.start(BrokerSettings.defaults().withDataFolder(folder.resolve("broker")))) {
            String servers = "--bootstrap-servers=" + broker.bootstrapServers();
            assertThat(shell.run("topics", "create", "--partitions=" + PARTITIONS, servers))
                    .isZero();
            fill(broker.bootstrapServers());
            broker.stop();
            DamagedRecord.damage(folder.resolve("broker/data/" + topics.requests() + "-" + DAMAGED), "request");
            broker.startAgain();
            TestShell status = new TestShell();

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

    private void fill(String servers) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", servers), new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int partition = 0; partition < PARTITIONS; partition++) {
                producer.send(new ProducerRecord<>(topics.requests(), partition, null, "request".getBytes(UTF_8)))
                        .get();
            }
        }
    }
}
