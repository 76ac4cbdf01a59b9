package dev.sluice.trials.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.trials.chaos.check.Violation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class BatchCheckTest {
    private static final int LINES = 3;

    private final List<String> output = new ArrayList<>(List.of(answer(1), answer(2), answer(3)));
    private final List<String> errors = new ArrayList<>();
    private final List<Duration> takeOvers = new ArrayList<>();

    private static String answer(int line) {
        return answer(line, "You said: " + BatchTrial.text(line));
    }

    private static String answer(int line, String said) {
        return "{\"custom_id\":\"" + BatchTrial.customId(line)
                + "\",\"response\":{\"body\":{\"choices\":[{\"message\":{\"content\":\"" + said + "\"}}]}}}";
    }

    private List<String> rules(String status, int completed) {
        String batch = "{\"id\":\"batch_1\",\"status\":\"" + status + "\",\"request_counts\":{\"total\":" + LINES
                + ",\"completed\":" + completed + ",\"failed\":" + errors.size() + "}}";
        return BatchCheck.of(
                        new BatchTrial.Outcome(JsonMapper.shared().readTree(batch), output, errors, 1, takeOvers),
                        LINES)
                .stream()
                .map(Violation::rule)
                .toList();
    }

    private List<String> rules() {
        return rules("completed", output.size());
    }

    @Test
    void eachLineHasItsAnswerOnce() {
        takeOvers.add(Duration.ofSeconds(30));

        assertThat(rules()).isEmpty();
    }

    @Test
    void aTakeOverMustNotTakeLonger() {
        takeOvers.add(Duration.ofMillis(30_001));

        assertThat(rules()).containsExactly("slow take-over");
    }

    @Test
    void aLineThatIsLostOrDoubledIsFound() {
        output.set(1, answer(1));

        assertThat(rules()).containsExactly("doubled", "lost");
    }

    @Test
    void anAnswerToAnotherLineIsFound() {
        output.set(1, answer(2, "You said: " + BatchTrial.text(3)));

        assertThat(rules()).containsExactly("wrong answer");
    }

    @Test
    void aTornLineIsFound() {
        output.set(2, answer(3).substring(0, 20));

        assertThat(rules()).containsExactly("torn", "lost");
    }

    @Test
    void aFailedLineIsFound() {
        output.remove(2);
        errors.add("{}");

        assertThat(rules()).containsExactly("failed", "lost");
    }

    @Test
    void countsAndTheEndMustBeRight() {
        assertThat(rules("expired", 2)).containsExactly("not completed", "wrong counts");
    }
}
