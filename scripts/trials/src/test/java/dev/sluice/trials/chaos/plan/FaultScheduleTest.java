package dev.sluice.trials.chaos.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class FaultScheduleTest {
    private static final List<FaultKind> ALL = List.of(FaultKind.values());

    @Test
    void theSameSeedMakesTheSameFaults() {
        assertThat(FaultSchedule.of(7, 30, 12_000, ALL)).isEqualTo(FaultSchedule.of(7, 30, 12_000, ALL));
        assertThat(FaultSchedule.of(8, 30, 12_000, ALL)).isNotEqualTo(FaultSchedule.of(7, 30, 12_000, ALL));
    }

    @Test
    void everyKindComesUpBeforeAnyComesAgain() {
        List<ScheduledFault> faults =
                FaultSchedule.of(3, 2 * ALL.size(), 12_000, ALL).faults();

        assertThat(faults.subList(0, ALL.size()))
                .extracting(ScheduledFault::kind)
                .containsExactlyInAnyOrderElementsOf(ALL);
        assertThat(faults.subList(ALL.size(), 2 * ALL.size()))
                .extracting(ScheduledFault::kind)
                .containsExactlyInAnyOrderElementsOf(ALL);
    }

    @Test
    void faultsStrikeInTheirOrderAndLastAsLongAsTheirKindSays() {
        List<ScheduledFault> faults = FaultSchedule.of(5, 100, 10_000, ALL).faults();

        assertThat(faults).extracting(ScheduledFault::atMillis).isSorted();
        assertThat(faults)
                .allSatisfy(fault -> assertThat(fault.lengthMillis())
                        .isBetween((long) fault.kind().minMillis(), (long)
                                fault.kind().maxMillis()));
    }

    @Test
    void nothingStrikesWhileACommitIsHeld() {
        List<FaultKind> two = List.of(FaultKind.HOLD_COMMIT_ANSWERS, FaultKind.KILL_BROKER);
        List<ScheduledFault> faults = FaultSchedule.of(2, 20, 1_000, two).faults();

        for (int i = 0; i + 1 < faults.size(); i++) {
            ScheduledFault fault = faults.get(i);
            if (fault.kind() == FaultKind.HOLD_COMMIT_ANSWERS) {
                assertThat(faults.get(i + 1).atMillis()).isGreaterThan(fault.atMillis() + fault.lengthMillis());
            }
        }
    }

    @Test
    void aZombieIsHeldForLongerThanItsSessionLives() {
        assertThat(FaultKind.FREEZE_WORKER.minMillis()).isGreaterThan(10_000);
        assertThat(FaultKind.CUT_WORKER_OFF.minMillis()).isGreaterThan(10_000);
    }

    @Test
    void faultsThatNeedSeveralBrokersComeLast() {
        // the deck of a single broker, and with it what a seed plans, is the same whether or not there are others
        List<FaultKind> ofOne = FaultKind.of(1);

        assertThat(ofOne).isEqualTo(FaultKind.of(3).subList(0, ofOne.size())).hasSizeLessThan(ALL.size());
        assertThat(FaultKind.of(3)).isEqualTo(ALL);
        assertThat(FaultKind.CUT_BROKER_OFF.minMillis()).isGreaterThan(9_000);
    }

    @Test
    void onlyTheKindsAskedForComeUp() {
        List<FaultKind> two = List.of(FaultKind.KILL_BROKER, FaultKind.KILL_WORKER);

        assertThat(FaultSchedule.of(1, 9, 1_000, two).faults())
                .extracting(ScheduledFault::kind)
                .isSubsetOf(two);
    }
}
