package dev.sluice.worker.cli.connection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.cli.connection.SilenceNotice.Finding;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SilenceNoticeTest {
    private static final long TICK_NANOS = Duration.ofMillis(200).toNanos();

    private final List<String> printed = new ArrayList<>();
    private Finding finding = new Finding(true, "no worker runs");
    private long now = 5;
    private int lookups;
    private final SilenceNotice notice = new SilenceNotice(printed::add, () -> now, () -> {
        lookups++;
        return finding;
    });

    @Test
    void aMissingWorkerIsSaidOnceAfterTenSeconds() throws Exception {
        waitFor(Duration.ofSeconds(9));
        assertThat(printed).isEmpty();

        waitFor(Duration.ofMinutes(10));

        assertThat(printed).containsExactly("no answer for 10s: no worker runs. Still waiting.");
        assertThat(lookups).isEqualTo(1);
    }

    @Test
    void whereWorkersRunTheStateOfTheQueueIsSaidLater() throws Exception {
        finding = new Finding(false, "2 work");

        waitFor(Duration.ofSeconds(29));
        assertThat(printed).isEmpty();
        waitFor(Duration.ofMinutes(10));

        assertThat(printed).containsExactly("no answer for 30s: 2 work. Still waiting.");
        assertThat(lookups).isEqualTo(2);
    }

    @Test
    void anAnswerBeginsTheWaitAnew() throws Exception {
        for (int i = 0; i < 100; i++) {
            waitFor(Duration.ofSeconds(9));
            notice.answered();
        }
        assertThat(lookups).isZero();

        waitFor(Duration.ofSeconds(11));

        assertThat(printed).hasSize(1);
    }

    private void waitFor(Duration time) throws InterruptedException {
        for (long end = now + time.toNanos(); now < end; now += TICK_NANOS) {
            notice.silent();
        }
    }
}
