package dev.sluice.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.pool.CallsReport;
import dev.sluice.worker.pool.CancelledReport;
import dev.sluice.worker.pool.HeapReport;
import dev.sluice.worker.pool.WorkerReport;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CallRatesTest {
    private static final Instant NOON = Instant.parse("2026-01-02T12:00:00Z");
    private static final Instant EARLIER = NOON.minusSeconds(600);

    private final CallRates rates = new CallRates();

    @Test
    void whatWasCountedBeforeTheFirstReadingIsNoRate() {
        assertThat(read(0, Map.of("a", report(EARLIER, 5_000, 70, 8)))).isEqualTo(CallRates.PerSecond.NONE);
    }

    @Test
    void callsOfAllWorkersAreAddedUp() {
        read(0, Map.of("a", report(EARLIER, 1_000, 10, 1), "b", report(EARLIER, 0, 0, 0)));

        assertThat(read(2, Map.of("a", report(EARLIER, 1_040, 12, 1), "b", report(EARLIER, 20, 0, 4))))
                .isEqualTo(new CallRates.PerSecond(30, 1, 2));
    }

    @Test
    void theRateIsThatOfTheLastTenSeconds() {
        long answered = 0;
        for (int second = 0; second <= 60; second += 2) {
            answered += second <= 30 ? 200 : 20;
            read(second, Map.of("a", report(EARLIER, answered, 0, 0)));
        }

        assertThat(read(62, Map.of("a", report(EARLIER, answered + 20, 0, 0))).answered())
                .isEqualTo(10);
    }

    @Test
    void aWorkerThatStartsAnewCountsFromZero() {
        read(0, Map.of("a", report(EARLIER, 9_000, 0, 0)));

        assertThat(read(4, Map.of("a", report(NOON.plusSeconds(2), 40, 0, 0))).answered())
                .isEqualTo(10);
    }

    /** It has been there all the while, and its reports could not be read. */
    @Test
    void aWorkerThatIsSeenLateBringsNoBurst() {
        read(0, Map.of("a", report(EARLIER, 0, 0, 0)));

        assertThat(read(2, Map.of("a", report(EARLIER, 0, 0, 0), "b", report(EARLIER, 9_000, 0, 0)))
                        .answered())
                .isZero();
    }

    @Test
    void aPauseIsDividedByItsTime() {
        read(0, Map.of("a", report(EARLIER, 0, 0, 0)));

        assertThat(read(60, Map.of("a", report(EARLIER, 600, 0, 0))).answered()).isEqualTo(10);
    }

    @Test
    void aClockThatIsSetBackMakesNoRate() {
        read(60, Map.of("a", report(EARLIER, 0, 0, 0)));

        assertThat(read(0, Map.of("a", report(EARLIER, 600, 0, 0)))).isEqualTo(CallRates.PerSecond.NONE);
    }

    private CallRates.PerSecond read(int second, Map<String, WorkerReport> reports) {
        return rates.add(reports, NOON.plusSeconds(second));
    }

    private static WorkerReport report(Instant started, long answered, long rateLimited, long failed) {
        return new WorkerReport(
                1,
                "1",
                "h",
                started,
                Duration.ofSeconds(3),
                1,
                12,
                List.of(),
                List.of(),
                CancelledReport.NONE,
                new CallsReport(answered, rateLimited, failed),
                HeapReport.NONE);
    }
}
