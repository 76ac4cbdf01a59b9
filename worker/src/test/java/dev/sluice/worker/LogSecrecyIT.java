package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests that no log line at any level, not even a library's, contains a prompt, an answer or the key. */
class LogSecrecyIT {
    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private static final String PROMPT = "nobody-may-read-this";
    private static final List<String> FAULTS = List.of(
            "",
            "[stand-in: status=429 times=1]",
            "[stand-in: status=500 times=1]",
            "[stand-in: status=401 times=1]",
            "[stand-in: status=403 not-json times=1]",
            "[stand-in: status=422 body=]",
            "[stand-in: cut-body times=1]",
            "[stand-in: not-json times=1]",
            "[stand-in: no-choices times=1]");

    private static final List<String> STREAM_FAULTS =
            List.of("", "[stand-in: cut-body times=1]", "[stand-in: error-event times=1]");

    @Test
    void noLineHasAPromptAnAnswerOrTheKey() throws Exception {
        try (TestQueue queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
                TogetherStandIn api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY));
                AllLogLines lines = new AllLogLines()) {
            for (String fault : FAULTS) {
                queue.publish(body("m", PROMPT + " " + fault), headers());
            }
            queue.publish("{\"messages\":\"" + PROMPT, headers());
            queue.publish("{\"model\":\"m\",\"messages\":[],\"user\":\"" + PROMPT + "\"}", headers());
            for (String fault : STREAM_FAULTS) {
                queue.publish(
                        body("m", PROMPT + " " + fault).replace("{\"model", "{\"stream\":true,\"model"), headers());
            }

            try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
                queue.awaitReplies(FAULTS.size() + STREAM_FAULTS.size() + 2);
                await().atMost(Duration.ofSeconds(10)).until(() -> queue.lag() == 0);
            }

            assertThat(api.calls()).as("answers and refusals").isGreaterThan(FAULTS.size());
            assertThat(lines.levels()).contains("TRACE", "DEBUG", "INFO", "WARN");
            assertThat(lines.loggers())
                    .anyMatch(name -> name.startsWith("dev.sluice.worker"))
                    .anyMatch(name -> name.startsWith("org.apache.kafka"));
            assertThat(lines.with(PROMPT)).isEmpty();
            assertThat(lines.with(TestQueue.KEY)).isEmpty();
        }
    }

    private static RecordHeaders headers() {
        RecordHeaders headers = new RecordHeaders();
        WireHeaders.set(headers, "customer-note", PROMPT);
        return headers;
    }
}
