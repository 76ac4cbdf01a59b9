package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Tests what the packaged worker logs. The options of the log have no effect if a class makes a logger too early. */
@Timeout(120)
class LogOptionsIT {
    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    @TempDir
    private Path folder;

    @Test
    void eachLineIsJsonAndOneTellsOfTheRequest() throws Exception {
        List<JsonNode> lines = logOfARequest("--log-format=json", "--log-requests").stream()
                .map(line -> JsonMapper.shared().readTree(line))
                .toList();

        assertThat(lines)
                .extracting(line -> line.path("loggerName").asString())
                .contains("dev.sluice.worker.observe.RequestLog");
    }

    @Test
    void aLevelLeavesOutWhatIsBelow() throws Exception {
        assertThat(logOfARequest("--log-level=warn")).noneMatch(line -> line.contains(" INFO "));
    }

    /** Returns the lines of a worker that answers one request and stops. */
    private List<String> logOfARequest(String... options) throws Exception {
        Path log = folder.resolve("log");
        try (TestQueue queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
                TogetherStandIn api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY))) {
            Process worker = queue.worker(api.baseUrl(), List.of(), options)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(log.toFile())
                    .start();
            try {
                queue.publish(body("m", "text"));
                queue.awaitReplies(1);
            } finally {
                worker.destroy();
            }
            assertThat(worker.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
        return Files.readAllLines(log);
    }
}
