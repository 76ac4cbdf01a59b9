package dev.sluice.worker.cli.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.BrokerSettings;
import dev.sluice.sandbox.SandboxBroker;
import dev.sluice.wire.Topics;
import dev.sluice.worker.cli.TestTerminal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads the status of a broker that has lost one of its two disks, and with it some partitions have no leader. */
@Timeout(120)
class LeaderlessPartitionStatusIT {
    private static final String PARTITIONS = "4";

    private final Topics topics = new Topics("chat");

    @TempDir
    private Path folder;

    @Test
    void thePartitionsAreNamedAndTheRestIsShown() throws Exception {
        List<Path> disks = List.of(folder.resolve("disk-1"), folder.resolve("disk-2"));
        try (SandboxBroker broker = SandboxBroker.start(BrokerSettings.defaults()
                .withDataFolder(folder.resolve("broker"))
                .withProperty("metadata.log.dir", folder.resolve("metadata").toString())
                .withProperty("replica.high.watermark.checkpoint.interval.ms", "500") // finds the lost disk soon
                .withProperty("log.dirs", disks.get(0) + "," + disks.get(1)))) {
            String servers = "--bootstrap-servers=" + broker.bootstrapServers();
            TestTerminal terminal = new TestTerminal();
            assertThat(terminal.run("topics", "create", "--partitions=" + PARTITIONS, servers))
                    .isZero();
            // The first status makes Kafka create the topic of the committed offsets.
            assertThat(terminal.run("status", servers)).as(terminal.err()).isZero();
            Path lost = disks.get(Files.exists(disks.get(0).resolve("__consumer_offsets-0")) ? 1 : 0);
            Set<String> lostPartitions = loseDisk(lost);

            await().atMost(Duration.ofSeconds(60))
                    .until(() -> !problems(servers).isEmpty());

            JsonNode json = status(servers);
            Set<String> shown = new TreeSet<>();
            for (JsonNode topic : json.get("waiting").values()) {
                topic.get("partitions")
                        .values()
                        .forEach(partition -> shown.add(topic.get("topic").asString() + "-"
                                + partition.get("partition").asInt()));
            }
            assertThat(lostPartitions).isNotEmpty();
            assertThat(shown).isNotEmpty().doesNotContainAnyElementsOf(lostPartitions);
            assertThat(problems(servers))
                    .singleElement()
                    .asString()
                    .contains(lostPartitions.iterator().next());
        }
    }

    private static JsonNode status(String servers) {
        TestTerminal terminal = new TestTerminal();
        assertThat(terminal.run("status", "--json", servers)).as(terminal.err()).isZero();
        return JsonMapper.shared().readTree(terminal.out());
    }

    private static List<String> problems(String servers) {
        return status(servers).get("problems").values().stream()
                .map(JsonNode::asString)
                .filter(problem -> problem.contains("no leader has answered"))
                .toList();
    }

    /** Removes the disk. Returns the partitions on it that a status counts. */
    private Set<String> loseDisk(Path disk) throws Exception {
        Set<String> partitions;
        try (Stream<Path> children = Files.list(disk)) {
            partitions = children.map(child -> child.getFileName().toString())
                    .filter(name -> name.startsWith(topics.requests()))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
        // in one step: the broker writes to it every half second
        Files.move(disk, folder.resolve("lost"), StandardCopyOption.ATOMIC_MOVE);
        Files.writeString(disk, "no folder");
        return partitions;
    }
}
