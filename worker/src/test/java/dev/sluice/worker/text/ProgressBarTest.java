package dev.sluice.worker.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressBarTest {
    private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
    private final AtomicLong now = new AtomicLong();

    @Test
    void aTerminalGetsABarFiveTimesASecond() {
        ProgressBar progress = progress(true, 200, 0);

        after(progress, Duration.ofMillis(100), 5, 0);
        assertThat(text()).isEmpty();

        after(progress, Duration.ofMillis(900), 50, 2);
        assertThat(text())
                .isEqualTo("\r\u001b[K[" + "#".repeat(7) + "-".repeat(23)
                        + "] 50/200 (25 %), 50.0/s, 2 failed, about 3 s left");

        progress.end();
        assertThat(text()).endsWith("\r\u001b[K");
    }

    @Test
    void anythingElseGetsAPlainLineEveryTenSeconds() {
        ProgressBar progress = progress(false, 1000, 0);

        after(progress, Duration.ofSeconds(9), 1, 0);
        assertThat(text()).isEmpty();

        after(progress, Duration.ofSeconds(1), 10, 0);
        progress.end();
        assertThat(text()).isEqualTo("10/1000 (1 %), 1.0/s, 0 failed, about 17 min left" + System.lineSeparator());
    }

    @Test
    void unitsOfAnEarlierRunDoNotCountAsSpeed() {
        ProgressBar progress = progress(false, 1000, 900);

        after(progress, Duration.ofSeconds(10), 910, 0);

        assertThat(text()).startsWith("910/1000 (91 %), 1.0/s, 0 failed, about 2 min left");
    }

    @Test
    void theTimeLeftIsEstimatedFromTheRecentSpeed() {
        ProgressBar progress = progress(false, 1000, 0);
        for (int second = 1; second <= 20; second++) {
            after(progress, Duration.ofSeconds(1), 20L * second, 0);
        }
        for (int second = 1; second <= 40; second++) {
            after(progress, Duration.ofSeconds(1), 400 + second, 0);
        }

        assertThat(text().lines().reduce((earlier, last) -> last))
                .contains("440/1000 (44 %), 1.0/s, 0 failed, about 9 min left");
    }

    @Test
    void noTimeLeftIsShownBeforeTheFirstUnit() {
        ProgressBar progress = progress(false, 10, 0);

        after(progress, Duration.ofSeconds(10), 0, 0);

        assertThat(text()).startsWith("0/10 (0 %), 0.0/s, 0 failed").doesNotContain("left");
    }

    private ProgressBar progress(boolean bar, long total, long before) {
        return new ProgressBar(new PrintStream(shown, true, StandardCharsets.UTF_8), bar, now::get, total, before);
    }

    private void after(ProgressBar progress, Duration time, long done, long failed) {
        now.addAndGet(time.toNanos());
        progress.show(done, failed + " failed");
    }

    private String text() {
        return shown.toString(StandardCharsets.UTF_8);
    }
}
