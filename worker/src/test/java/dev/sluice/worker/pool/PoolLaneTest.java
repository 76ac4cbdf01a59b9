package dev.sluice.worker.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class PoolLaneTest {
    private static final BudgetReport NONE = BudgetReport.NONE;

    @Test
    void countsAreSumsAndTheStateIsTheWorst() {
        PoolLane lane = onlyLane(Map.of(
                "a", report(1, lane("flowing", "", 3, budget(40, BudgetReport.Source.TOLD, 10))),
                "b", report(1, lane("held", "402", 5, budget(40, BudgetReport.Source.TOLD, 0.5))),
                "c", report(1, lane("open", "503", 0, budget(40, BudgetReport.Source.TOLD, 0)))));

        assertThat(lane.total().state()).isEqualTo("held");
        assertThat(lane.total().cause()).isEqualTo("402");
        assertThat(lane.total().waiting()).isEqualTo(8);
        assertThat(lane.total().requests().limit()).hasValue(40);
        assertThat(lane.total().requests().spent()).isCloseTo(10.5, within(1e-9));
        assertThat(lane.workers()).isEqualTo(3);
        assertThat(lane.worst()).containsExactly("b");
        assertThat(lane.isStopped()).isTrue();
    }

    /** Each worker tells of the whole limit as its own part makes it look. */
    @Test
    void aFoundLimitIsTheSumOfTheParts() {
        PoolLane lane = onlyLane(Map.of(
                "a", report(3, lane("limited", "", 0, budget(44, BudgetReport.Source.FOUND, 0))),
                "b", report(1, lane("limited", "", 0, budget(36, BudgetReport.Source.FOUND, 0))),
                "c", report(2, lane("flowing", "", 0, NONE))));

        // 44 * 3 / 4 + 36 * 1 / 4; whoever has found nothing says nothing about it
        assertThat(lane.total().requests().limit()).hasValue(42);
        assertThat(lane.total().requests().source()).isEqualTo(BudgetReport.Source.FOUND);
        assertThat(lane.isStopped()).isFalse();
    }

    /** While options change from worker to worker, what is told counts more than what others find. */
    @Test
    void whatIsToldWins() {
        PoolLane lane = onlyLane(Map.of(
                "a", report(1, lane("limited", "", 0, budget(1, BudgetReport.Source.FOUND, 0))),
                "b", report(1, lane("limited", "", 0, budget(40, BudgetReport.Source.TOLD, 0)))));

        assertThat(lane.total().requests().limit()).hasValue(40);
        assertThat(lane.total().requests().source()).isEqualTo(BudgetReport.Source.TOLD);
    }

    @Test
    void aLaneWithoutALimitHasNone() {
        PoolLane lane = onlyLane(Map.of(
                "a",
                report(0, lane("a newer state", "", Integer.MAX_VALUE, NONE)),
                "b",
                report(1, lane("full", "", 1, NONE))));

        assertThat(lane.total().requests().limit()).isEmpty();
        assertThat(lane.total().state()).isEqualTo("full");
        assertThat(lane.total().waiting()).isEqualTo(Integer.MAX_VALUE);
    }

    private static PoolLane onlyLane(Map<String, WorkerReport> workers) {
        assertThat(PoolLane.of(workers)).hasSize(1);
        return PoolLane.of(workers).get(0);
    }

    private static WorkerReport report(int bundles, LaneReport... lanes) {
        return new WorkerReport(1, "1", "h", Instant.EPOCH, Duration.ofSeconds(3), bundles, 12, List.of(lanes));
    }

    private static LaneReport lane(String state, String cause, int waiting, BudgetReport requests) {
        return new LaneReport("m", state, cause, waiting, 0, requests, NONE);
    }

    private static BudgetReport budget(double limit, BudgetReport.Source source, double spent) {
        return new BudgetReport(OptionalDouble.of(limit), source, spent, 0);
    }
}
