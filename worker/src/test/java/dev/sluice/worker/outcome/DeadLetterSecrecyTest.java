package dev.sluice.worker.outcome;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.LogLines;
import dev.sluice.worker.Requests;
import dev.sluice.worker.call.CallResult.Answered;
import dev.sluice.worker.observe.DeadLetterLog;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The log line of a dead letter quotes neither a prompt nor an answer. */
class DeadLetterSecrecyTest {
    private final OutcomeClassifier outcomes = new OutcomeClassifier(1, Optional.empty(), () -> 0.5);

    private void logged(int status, String body) {
        try (LogLines lines = new LogLines(DeadLetterLog.class)) {
            Outcome outcome = outcomes.classify(
                            Requests.ofModel("m").build(),
                            new Answered(status, Map.of(), body.getBytes(UTF_8), 1),
                            FakeEvidence.failing(0.000001),
                            1_800_000_000_000L)
                    .orElseThrow()
                    .outcome();
            new DeadLetterLog().ended("m", outcome, 1_800_000_000_000L);
            assertThat(lines.all()).hasSize(1);
            assertThat(lines.all().toString()).doesNotContain("SECRET");
        }
    }

    /** Sends what vLLM says of a request that does not fit its schema, which are pydantic's errors with the input. */
    @Test
    void thePromptIsNotInTheLog() {
        logged(
                400,
                "{\"object\":\"error\",\"message\":\"[{'type': 'missing', 'loc': ('body', 'model'), 'msg': 'required',"
                        + " 'input': {'messages': [{'role': 'user', 'content': 'SECRET PROMPT'}]}}]\","
                        + "\"type\":\"BadRequestError\",\"code\":400}");
    }

    /** Sends a stream of events, which is an answer in another form than asked for. */
    @Test
    void theAnswerIsNotInTheLog() {
        logged(200, "data: {\"choices\":[{\"delta\":{\"content\":\"SECRET ANSWER\"}}]}\n\ndata: [DONE]\n\n");
    }
}
