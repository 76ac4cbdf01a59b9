package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.LogLines;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RateLimitLogTest {
    private final LogLines lines = new LogLines(RateLimitLog.class);
    private final VirtualTime time = new VirtualTime();
    private final RateLimitLog refusals = new RateLimitLog("m", time.currentTimeNanos());

    @AfterEach
    void listenNoMore() {
        lines.close();
    }

    @Test
    void theFirstRefusalIsToldAtOnceAndIsNoWarning() {
        calls(3, 1);

        second();

        assertThat(lines.all()).containsExactly(line("INFO", 1, 4, 1));
    }

    @Test
    void aThousandRefusalsInAMinuteAreOneLineAndAWarning() {
        calls(0, 1);
        second();
        for (int i = 0; i < 60; i++) {
            calls(20, 17);
            second();
        }

        assertThat(lines.all()).containsExactly(line("INFO", 1, 1, 1), line("WARN", 1020, 2220, 60));
    }

    @Test
    void whatFindingOutCostsIsNoWarning() {
        calls(0, 1);
        second();
        for (int i = 0; i < 60; i++) {
            calls(50, i % 4 == 0 ? 1 : 0);
            second();
        }

        assertThat(lines.all()).containsExactly(line("INFO", 1, 1, 1), line("INFO", 15, 3015, 60));
    }

    @Test
    void withoutRefusalsThereIsNothingToSay() {
        for (int i = 0; i < 200; i++) {
            calls(20, 0);
            second();
        }

        assertThat(lines.all()).isEmpty();
    }

    private void calls(int passed, int limited) {
        for (int i = 0; i < passed + limited; i++) {
            refusals.ended(i >= passed);
        }
    }

    private void second() {
        time.pass(Duration.ofSeconds(1));
        refusals.tell(7.49, time.currentTimeNanos());
    }

    private static String line(String level, int refused, int calls, int seconds) {
        return "%s calls were refused with 429; their requests are called again".formatted(level)
                + " lane=\"m\" refused=\"%d\" calls=\"%d\" seconds=\"%d\" perSecond=\"7.5\""
                        .formatted(refused, calls, seconds);
    }
}
