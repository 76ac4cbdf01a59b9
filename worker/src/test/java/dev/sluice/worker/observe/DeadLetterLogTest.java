package dev.sluice.worker.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Reason;
import dev.sluice.worker.LogLines;
import dev.sluice.worker.outcome.Outcome;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class DeadLetterLogTest {
    private static final long NOW = 1_800_000_000_000L;

    private final DeadLetterLog deadLetters = new DeadLetterLog();

    @Test
    void saysAtOnceThatARequestHasEndedAndWithWhatWords() {
        try (LogLines lines = new LogLines(DeadLetterLog.class)) {
            deadLetters.ended("m", rejected("no such\nmodel"), NOW);

            assertThat(lines.all())
                    .containsExactly("WARN Requests ended as dead letters model=\"m\" requests=\"1\" seconds=\"0\""
                            + " last=\"rejected, 404 not_found: no such\\u000amodel\"");
        }
    }

    @Test
    void saysTheRestOncePerMinuteAndModel() {
        try (LogLines lines = new LogLines(DeadLetterLog.class)) {
            for (int i = 0; i < 100; i++) {
                deadLetters.ended("m", rejected("first"), NOW);
                deadLetters.ended("n", rejected("second"), NOW + 1_000);
            }
            deadLetters.logIfDue(NOW + 59_999);
            assertThat(lines.all()).hasSize(2);

            deadLetters.logIfDue(NOW + 61_000);
            deadLetters.logIfDue(NOW + 61_001);

            assertThat(lines.all()).hasSize(4);
            assertThat(lines.all().subList(2, 4))
                    .allSatisfy(line -> assertThat(line).contains("requests=\"99\""));
        }
    }

    @Test
    void anyNumberOfModelsHasABoundedNumberOfLines() {
        try (LogLines lines = new LogLines(DeadLetterLog.class)) {
            for (int i = 0; i < 10_000; i++) {
                deadLetters.ended("m" + i, rejected("x"), NOW);
            }
            deadLetters.logIfDue(NOW + 60_000);

            assertThat(lines.all()).hasSizeLessThan(110);
        }
    }

    @Test
    void saysNothingOfOneThatGoesOn() {
        try (LogLines lines = new LogLines(DeadLetterLog.class)) {
            deadLetters.ended("m", new Outcome.Reply(200, new byte[0], 1), NOW);
            deadLetters.ended("m", new Outcome.Hold("402"), NOW);

            assertThat(lines.all()).isEmpty();
        }
    }

    private static Outcome rejected(String message) {
        return new Outcome.DeadLetter(Reason.REJECTED, OptionalInt.of(404), message, 1, "404 not_found", 5);
    }
}
