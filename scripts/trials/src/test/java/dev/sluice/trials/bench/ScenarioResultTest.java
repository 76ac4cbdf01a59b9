package dev.sluice.trials.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ScenarioResultTest {
    @Test
    void oneMissedBoundSpoilsTheResult() {
        ScenarioResult result = new ScenarioResult()
                .bound(new MeasuredBound("p99", 1_000, 1_000))
                .bound(MeasuredBound.none("early", 0));
        assertThat(result.holds()).isTrue();

        assertThat(result.bound(new MeasuredBound("p99", 1_001, 1_000)).holds()).isFalse();
    }

    @Test
    void aStatementIsABound() {
        assertThat(MeasuredBound.is("answered", true).holds()).isTrue();
        assertThat(MeasuredBound.is("answered", false).holds()).isFalse();
        assertThat(MeasuredBound.none("early", 1).holds()).isFalse();
    }

    @Test
    void readsTheLargestHeapAfterACollection() {
        List<String> log = List.of(
                "[0.1s][info][gc] Using G1",
                "[1.0s][info][gc] GC(0) Pause Young (Normal) (G1 Evacuation Pause) 24M->5M(256M) 3.1ms",
                "[2.0s][info][gc] GC(1) Pause Full (G1 Compaction Pause) 250M->81M(256M) 80.2ms",
                "[3.0s][info][gc] GC(2) Pause Young (Normal) (G1 Evacuation Pause) 140M->80M(256M) 3.0ms");

        assertThat(GcLog.peakMib(log)).isEqualTo(81);
        assertThat(GcLog.peakMib(List.of())).isZero();
    }

    @Test
    void delayedRequestsAreSpreadEvenly() {
        assertThat(IntStream.range(0, 100).filter(place -> OvertakeScenario.isLater(place, 10)))
                .hasSize(10)
                .contains(9, 19, 99);
        assertThat(IntStream.range(0, 1_000).filter(place -> OvertakeScenario.isLater(place, 90)))
                .hasSize(900);
        assertThat(IntStream.range(0, 1_000).filter(place -> OvertakeScenario.isLater(place, 0)))
                .isEmpty();
    }
}
