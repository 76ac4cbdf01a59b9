package dev.sluice.trials.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.trials.AlignedTable;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PaceReportTest {
    @Test
    void theMedianRunIsJudged() {
        List<MeasuredBound> judged = PaceReport.judged(Stream.of(90L, 10L, 40L)
                .map(missing -> List.of(new MeasuredBound("missing", missing, 50)))
                .toList());

        assertThat(judged).containsExactly(new MeasuredBound("missing", 40, 50));
        assertThat(PaceReport.median(4, 1, 3, 2)).as("one that was measured").isEqualTo(3);
        assertThat(PaceReport.median(7)).isEqualTo(7);
    }

    @Test
    void whatMustNeverOccurIsJudgedByTheWorstRun() {
        List<MeasuredBound> judged = PaceReport.judged(Stream.of(0L, 1L, 0L)
                .map(dead -> List.of(MeasuredBound.none("dead letters", dead)))
                .toList());

        assertThat(judged).containsExactly(MeasuredBound.none("dead letters", 1));
    }

    @Test
    void aScenarioThatFailsSpoilsTheResultAndHasItsRow() {
        ScenarioResult result = new ScenarioResult();
        PaceReport report = new PaceReport(result);
        report.add("known", List.of(outcome(0.985), outcome(0.2), outcome(0.99)));
        assertThat(result.holds()).isTrue();

        report.failed("fast", "no call");

        assertThat(result.holds()).isFalse();
        assertThat(result.rows().get("known"))
                .containsEntry("utilisation", "98.5 %")
                .containsEntry("", "held");
        assertThat(result.rows().get("fast")).containsEntry("", "MISSED");
        assertThat(AlignedTable.of(result.rows()).lines()).hasSize(3).anyMatch(line -> line.startsWith("known  1/s"));
        assertThat(AlignedTable.of(Map.of())).isEmpty();
    }

    @Test
    void mixedBodiesAreTheSameInEveryRunAndHaveTheirNumbers() {
        assertThat(RequestBodies.mixed(7)).isEqualTo(RequestBodies.mixed(7)).contains("bench-7:");
        assertThat(Stream.iterate(0, i -> i + 1)
                        .limit(500)
                        .map(i -> RequestBodies.mixed(i).length()))
                .anyMatch(length -> length < 200)
                .anyMatch(length -> length > 1_100);
    }

    private static PaceOutcome outcome(double utilisation) {
        CallTraffic traffic = CallTrafficTest.traffic(
                false, Stream.of(CallTrafficTest.call(0, 200, 9), CallTrafficTest.call(1_500_000_000L, 429, 0)));
        return new PaceOutcome(
                "1/s", "≥ 97 %", traffic, utilisation, 0, List.of(PaceOutcome.missing(utilisation, 970)));
    }
}
