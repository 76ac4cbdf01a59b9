package dev.sluice.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.console.Console;
import dev.sluice.console.ConsoleConfig;
import dev.sluice.console.KafkaQueueReader;
import dev.sluice.console.QueueAccess;
import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.SandboxBroker;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.worker.pace.ConfiguredLimit;
import dev.sluice.worker.pool.PoolReader;
import dev.sluice.worker.status.StatusReader;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads the events of a console beside a worker and a broker, which goes away and comes back. */
@Timeout(180)
class ConsoleIT {
    private static final int REQUESTS = 300;
    private static final String LIMIT = "20/s";

    @TempDir
    private Path folder;

    @Test
    void itShowsWhatTheWorkerDoesAndOutlivesTheBroker() throws Exception {
        try (SandboxBroker broker = SandboxBroker.start();
                TestQueue queue = new TestQueue(broker.bootstrapServers(), "chat");
                TogetherStandIn api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY))) {
            queue.publishBacklog(REQUESTS, TestQueue.body("m", "hello"));
            Map<String, Object> kafka = Map.of("bootstrap.servers", broker.bootstrapServers());
            KafkaQueueReader reader = new KafkaQueueReader(
                    new StatusReader(Admin.create(kafka), kafka, queue.topics, queue.group()),
                    new PoolReader(kafka, "test", queue.topics));
            ConsoleConfig config = ConsoleConfig.ofLoopback(0, folder.resolve("history"));
            QueueAccess access = new QueueAccess(queue.admin(), kafka, queue.topics, queue.group());
            try (Console console = Console.start(config, reader, access);
                    Worker worker = Worker.start(
                            queue.config(api.baseUrl(), Map.of("*", ConfiguredLimit.parse(LIMIT)), List.of()));
                    BufferedReader events = events(console)) {
                JsonNode flowing = await(
                        "now", events, event -> event.at("/calls/answered").asDouble() > 1);
                assertThat(flowing.at("/status/lanes/0/model").asString()).isEqualTo("m");
                assertThat(flowing.at("/status/lanes/0/requests/limit").asDouble())
                        .isEqualTo(20);
                assertThat(flowing.at("/status/waiting/0/open").asInt()).isBetween(1, REQUESTS);
                assertThat(flowing.at("/status/reports/0/report/heap/used").asLong())
                        .isPositive();
                assertThat(worker).isNotNull();

                // between a commit and its markers the worker might end, as KafkaAwayIT explains
                api.update(settings -> settings.withLatency(LatencyModel.fixed(Duration.ofSeconds(3))));
                queue.awaitNoCommit();
                broker.stop();
                api.update(settings -> settings.withLatency(LatencyModel.NONE));
                JsonNode away =
                        await("now", events, event -> !event.get("problem").isNull());
                assertThat(away.at("/status/lanes/0/model").asString()).isEqualTo("m");
                broker.startAgain();
                JsonNode back = await(
                        "now",
                        events,
                        event -> event.get("problem").isNull()
                                && event.at("/status/reports").size() == 1);
                assertThat(back.at("/status/workers").size()).isLessThanOrEqualTo(1);

                JsonNode ended = await(
                        "now",
                        events,
                        event -> event.at("/status/waiting/0/open").asInt() == 0);
                assertThat(ended.at("/calls/failed").asDouble()).isZero();
                assertThat(await("sample", events, event -> event.get(4).asInt() == 0)
                                .size())
                        .isEqualTo(6);
            }
        }
    }

    private static BufferedReader events(Console console) throws IOException {
        return new BufferedReader(new InputStreamReader(
                URI.create("http://localhost:" + console.port() + "/events")
                        .toURL()
                        .openStream(),
                StandardCharsets.UTF_8));
    }

    private static JsonNode await(String name, BufferedReader events, Predicate<JsonNode> condition)
            throws IOException {
        String event = "";
        for (String line = events.readLine(); line != null; line = events.readLine()) {
            if (line.startsWith("event: ")) {
                event = line.substring("event: ".length());
            } else if (line.startsWith("data: ") && event.equals(name)) {
                JsonNode data = JsonMapper.shared().readTree(line.substring("data: ".length()));
                if (condition.test(data)) {
                    return data;
                }
            }
        }
        throw new AssertionError("the events have ended before " + name);
    }
}
