package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.LogLines;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RateLimitLogTest {
    private final LogLines lines = new LogLines(RateLimitLog.class);
    private final VirtualTime time = new VirtualTime();
    private final RateLimitLog log = new RateLimitLog("m", time.currentTimeNanos());

    @AfterEach
    void close() {
        lines.close();
    }

    @Test
    void theFirstRejectionIsLoggedAtOnceAndIsNoWarning() {
        calls(3, 1);

        second();

        assertThat(lines.all()).containsExactly(line("INFO", 1, 4, 1));
    }

    @Test
    void aThousandRejectionsInAMinuteAreOneLineAndAWarning() {
        calls(0, 1);
        second();
        for (int i = 0; i < 60; i++) {
            calls(20, 17);
            second();
        }

        assertThat(lines.all()).containsExactly(line("INFO", 1, 1, 1), line("WARN", 1020, 2220, 60));
    }

    @Test
    void theCostOfAnEstimateIsNoWarning() {
        calls(0, 1);
        second();
        for (int i = 0; i < 60; i++) {
            calls(50, i % 4 == 0 ? 1 : 0);
            second();
        }

        assertThat(lines.all()).containsExactly(line("INFO", 1, 1, 1), line("INFO", 15, 3015, 60));
    }

    @Test
    void withoutRejectionsNothingIsLogged() {
        for (int i = 0; i < 200; i++) {
            calls(20, 0);
            second();
        }

        assertThat(lines.all()).isEmpty();
    }

    private void calls(int passed, int limited) {
        for (int i = 0; i < passed + limited; i++) {
            log.ended(i >= passed);
        }
    }

    private void second() {
        time.pass(Duration.ofSeconds(1));
        log.logIfDue(7.49, time.currentTimeNanos());
    }

    private static String line(String level, int rejected, int calls, int seconds) {
        return "%s Calls were rejected with 429; their requests are called again".formatted(level)
                + " lane=\"m\" rejected=\"%d\" calls=\"%d\" seconds=\"%d\" perSecond=\"7.5\""
                        .formatted(rejected, calls, seconds);
    }
}
