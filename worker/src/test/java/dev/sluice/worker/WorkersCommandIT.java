package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.worker.cli.Cli;
import dev.sluice.worker.cli.LineCollector;
import dev.sluice.worker.cli.TestTerminal;
import dev.sluice.worker.observe.HealthChecks;
import dev.sluice.worker.pace.ConfiguredLimit;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Tests what {@code sluice workers} and {@code sluice status} show of the pool of real workers. */
@Timeout(180)
class WorkersCommandIT {
    private static final Duration BOUND = Duration.ofSeconds(60);

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private final TestTerminal terminal = new TestTerminal();
    private final List<Worker> workers = new ArrayList<>();
    private TestQueue queue;
    private TogetherStandIn api;

    @BeforeEach
    void open() throws Exception {
        queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
        api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY));
    }

    @AfterEach
    void close() {
        workers.forEach(Worker::close);
        api.close();
        queue.close();
    }

    @Test
    void everyWorkerThatIsAliveIsShownWithWhatItOwnsAndItsLanes() throws Exception {
        start(2);
        queue.publishBacklog(4_000, body("m", "?"));

        await().atMost(BOUND)
                .until(() -> workersJson().get("workers").values().stream()
                                .filter(each ->
                                        each.get("report").get("bundles").asInt() == TestQueue.PARTITIONS / 2)
                                .filter(each -> each.get("report").get("lanes").size() == 1)
                                .count()
                        == 2);

        assertThat(workersJson().get("state").asString()).isEqualTo("alive");
        assertThat(workersJson().get("problem").isNull()).isTrue();
        assertThat(run("workers", "--lanes")).isZero();
        assertThat(terminal.out()).contains("2 of 4", "limited", "told");
    }

    @Test
    void aWatchPrintsEachReportAndTheEndOfAWorkerUntilItsOutputIsClosed() throws Exception {
        start(2);
        await().atMost(BOUND).until(() -> workersJson().get("workers").size() == 2);
        LineCollector reader = new LineCollector(60);
        CompletableFuture<Integer> watch = CompletableFuture.supplyAsync(() -> Cli.run(
                terminal.terminal(new PrintStream(reader, true, UTF_8)), arguments("workers", "--json", "--watch")));
        await().atMost(BOUND).until(() -> lines(reader).size() >= 4);

        workers.remove(0).close();

        await().atMost(BOUND).until(() -> lines(reader).stream().anyMatch(line -> isEvent(line, "left")));
        assertThat(watch.get(BOUND.toSeconds(), TimeUnit.SECONDS))
                .as(terminal.err())
                .isZero();
        assertThat(lines(reader)).hasSize(60).allMatch(line -> line.has("worker") && line.has("at"));
        assertThat(lines(reader))
                .filteredOn(line -> isEvent(line, "report"))
                .hasSize(59)
                .allMatch(line -> line.get("report").get("v").asInt() == 1);
    }

    @Test
    void aWorkerThatDiesIsSilentInAWatch() throws Exception {
        report("w", "{\"v\":1,\"seq\":1,\"valid_ms\":2000,\"bundles\":1,\"width\":4}");
        LineCollector reader = new LineCollector(2);
        CompletableFuture<Integer> watch = CompletableFuture.supplyAsync(() -> Cli.run(
                terminal.terminal(new PrintStream(reader, true, UTF_8)), arguments("workers", "--json", "--watch")));

        await().atMost(BOUND).until(() -> lines(reader).size() == 2);
        report("w", "{\"v\":1,\"seq\":2,\"valid_ms\":2000,\"bundles\":1,\"width\":4}");

        assertThat(watch.get(BOUND.toSeconds(), TimeUnit.SECONDS))
                .as(terminal.err())
                .isZero();
        assertThat(isEvent(lines(reader).get(1), "silent")).isTrue();
    }

    @Test
    void aQueueOfWhichNoWorkerHasEverReportedIsToldFromOneThatIsSilent() throws Exception {
        assertThat(workersJson().get("state").asString()).isEqualTo("empty");
        assertThat(run("workers")).isZero();
        assertThat(terminal.out()).contains("no worker has reported yet; start one with 'sluice worker'");

        report("w", "{\"v\":1,\"seq\":1,\"valid_ms\":3000,\"bundles\":1,\"width\":4}");
        report("w", null);

        JsonNode silent = workersJson();
        assertThat(silent.get("state").asString()).isEqualTo("silent");
        assertThat(silent.get("workers")).isEmpty();
        assertThat(silent.get("problem").asString()).contains("no worker has reported for 3s");
    }

    @Test
    void aQueueWithoutTheTopicIsRefusedWithTheRemedy() throws Exception {
        deleteTopicOfWorkers();

        assertThat(run("workers")).isEqualTo(2);

        assertThat(terminal.err())
                .contains("topic " + queue.topics.workers() + " does not exist; create it with 'sluice topics create "
                        + "--topic " + queue.topics.base() + "'");
    }

    @Test
    void statusSumsTheLanesOfThePoolUp() throws Exception {
        start(2);
        queue.publishBacklog(4_000, body("m", "?"));

        await().atMost(BOUND).untilAsserted(() -> {
            JsonNode lanes = json("status", "--group=" + queue.group()).get("lanes");
            assertThat(lanes).hasSize(1);
            assertThat(lanes.get(0).get("workers").asInt()).isEqualTo(2);
            assertThat(lanes.get(0).get("requests").get("limit").asDouble()).isEqualTo(40);
            assertThat(lanes.get(0).get("requests").get("source").asString()).isEqualTo("told");
            assertThat(lanes.get(0).get("requests").get("spent").asDouble()).isBetween(30.0, 45.0);
        });

        JsonNode status = json("status", "--group=" + queue.group(), "--workers");
        assertThat(status.get("pool").get("state").asString()).isEqualTo("alive");
        assertThat(status.get("reports")).hasSize(2);
        assertThat(status.get("workers").values())
                .extracting(worker -> worker.get("client_id").asString())
                .containsExactlyInAnyOrderElementsOf(status.get("reports").values().stream()
                        .map(each -> each.get("worker").asString())
                        .toList());
        assertThat(run("status", "--workers", "--group=" + queue.group())).isZero();
        assertThat(terminal.out()).containsPattern("MODEL +STATE").contains("told");
    }

    @Test
    void statusSaysWhyALaneIsStoppedAndWhatToDo() throws Exception {
        TogetherStandIn other = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys("another key"));
        try {
            workers.add(Worker.start(queue.config(other.baseUrl())));
            queue.publishBacklog(10, body("m", "?"));

            await().atMost(BOUND).untilAsserted(() -> {
                assertThat(run("status", "--group=" + queue.group())).isZero();
                assertThat(terminal.out())
                        .contains("m is held at 1 of 1 workers: 401", "the API key was revoked or is mistyped");
            });
        } finally {
            workers.remove(0).close();
            other.close();
        }
    }

    @Test
    void anotherWorkerNamesWhatIsHeldAndStaysReady() throws Exception {
        TogetherStandIn other = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys("another key"));
        try {
            workers.add(Worker.start(queue.config(api.baseUrl())));
            workers.add(Worker.start(queue.config(other.baseUrl())));
            await().atMost(BOUND)
                    .until(() -> workersJson().get("workers").values().stream()
                            .allMatch(each -> each.get("report").get("bundles").asInt() == TestQueue.PARTITIONS / 2));
            queue.publishBacklog(40, body("m", "?"));

            HealthChecks health = workers.get(0).health();
            await().atMost(BOUND)
                    .untilAsserted(() -> assertThat(health.warnings())
                            .anySatisfy(warning -> assertThat(warning)
                                    .startsWith("model m is held by worker ")
                                    .contains(": 401")));
            assertThat(health.readinessFailures()).isEmpty();

            workers.remove(1).close();
            await().atMost(BOUND).until(() -> health.warnings().isEmpty());
        } finally {
            other.close();
        }
    }

    @Test
    void statusShowsTheRestWithoutTheTopic() throws Exception {
        deleteTopicOfWorkers();

        assertThat(run("status", "--group=" + queue.group())).as(terminal.err()).isZero();

        assertThat(terminal.out())
                .contains("dead letters", "lanes are not known: topic " + queue.topics.workers() + " does not exist");
        assertThat(json("status").get("pool").get("state").asString()).isEqualTo("missing");
    }

    private void deleteTopicOfWorkers() throws Exception {
        queue.delete(queue.topics.workers());
        await().atMost(BOUND)
                .until(() -> !queue.admin().listTopics().names().get().contains(queue.topics.workers()));
    }

    private void start(int count) throws InterruptedException {
        for (int i = 0; i < count; i++) {
            workers.add(
                    Worker.start(queue.config(api.baseUrl(), Map.of("*", ConfiguredLimit.parse("40/s")), List.of())));
        }
    }

    private void report(String worker, @Nullable String json) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", kafka.bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            byte[] value = json == null ? null : json.getBytes(UTF_8);
            producer.send(new ProducerRecord<>(queue.topics.workers(), worker.getBytes(UTF_8), value))
                    .get();
        }
    }

    private int run(String command, String... options) {
        return terminal.run(arguments(command, options));
    }

    private String[] arguments(String command, String... options) {
        List<String> all = new ArrayList<>(
                List.of(command, "--bootstrap-servers=" + kafka.bootstrapServers(), "--topic=" + queue.topics.base()));
        all.addAll(List.of(options));
        return all.toArray(String[]::new);
    }

    private JsonNode workersJson() {
        return json("workers");
    }

    private JsonNode json(String command, String... options) {
        String[] all = arguments(command, options);
        TestTerminal own = new TestTerminal();
        List<String> words = new ArrayList<>(List.of(all));
        words.add("--json");
        assertThat(own.run(words.toArray(String[]::new))).as(own.err()).isZero();
        return JsonMapper.shared().readTree(own.out());
    }

    private static List<JsonNode> lines(LineCollector reader) {
        return reader.read()
                .substring(0, reader.read().lastIndexOf('\n') + 1)
                .lines()
                .map(JsonMapper.shared()::readTree)
                .toList();
    }

    private static boolean isEvent(JsonNode line, String event) {
        return line.get("event").asString().equals(event);
    }
}
