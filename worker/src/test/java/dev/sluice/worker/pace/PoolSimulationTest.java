package dev.sluice.worker.pace;

import static dev.sluice.sandbox.RateLimitKind.SLIDING_WINDOW;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Measures in virtual time how much of a limit is used by workers that tell each other what they want. */
@Tag("simulation")
class PoolSimulationTest {
    private static final Scenario FOUR = Scenario.of(Scenario.Step.of(SLIDING_WINDOW, 40, 60))
            .withLimit("40/s")
            .withWorkers(4)
            .withPool(Duration.ofMillis(2), Duration.ofMillis(30));

    private static final Scenario ONE_OF_FOUR = FOUR.withLoad(Scenario.Load.ONE);

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void aWorkerAloneWithWorkSpendsAllOfTheLimit(long seed) {
        Figures figures = new Simulation(ONE_OF_FOUR, seed).run();

        assertThat(figures.utilisation()).as("%s", figures).isGreaterThan(0.95);
        assertThat(figures.rejected()).as("%s", figures).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void aLimitThatHeadersNameIsLentAsWell(long seed) {
        Scenario scenario = Scenario.of(Scenario.Step.of(SLIDING_WINDOW, 40, 60))
                .withWorkers(4)
                .withPool(Duration.ofMillis(2), Duration.ofMillis(30))
                .withLoad(Scenario.Load.ONE)
                .withHeaders();
        Figures figures = new Simulation(scenario, seed).run();

        assertThat(figures.after(Duration.ofSeconds(2)).utilisation())
                .as("%s", figures)
                .isGreaterThan(0.95);
        assertThat(figures.rejected()).as("%s", figures).isLessThan(0.005);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void workersThatAllHaveABacklogHaveEqualParts(long seed) {
        Figures figures = new Simulation(FOUR, seed).run();

        assertThat(figures.utilisation()).as("%s", figures).isGreaterThan(0.95);
        assertThat(figures.rejected()).as("%s", figures).isLessThan(0.003);
        assertThat(figures.leastShare()).isGreaterThan(0.95);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void aBacklogBesideThreeWorkersThatTrickleGetsWhatTheyLeave(long seed) {
        Figures figures = new Simulation(FOUR.withLoad(Scenario.Load.TRICKLE), seed).run();

        assertThat(figures.utilisation()).as("%s", figures).isGreaterThan(0.87);
        assertThat(figures.rejected()).as("%s", figures).isLessThan(0.015);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void aDemandThatComesAndGoesEachSecondIsLentInBetween(long seed) {
        Figures figures = new Simulation(FOUR.withLoad(Scenario.Load.FLAPPING), seed).run();

        assertThat(figures.utilisation()).as("%s", figures).isGreaterThan(0.85);
        assertThat(figures.rejected()).as("%s", figures).isLessThan(0.01);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void whatIsLentIsGivenBackWhenItsOwnersBegin(long seed) {
        Simulation simulation = new Simulation(ONE_OF_FOUR, seed);
        addBacklogOfOthers(simulation, Duration.ofSeconds(30));
        Figures figures = simulation.run();

        assertThat(figures.rejected(Duration.ofSeconds(29), Duration.ofSeconds(3)) * 3 * 40)
                .as("rejections at the change")
                .isLessThanOrEqualTo(4);
        long ofTheFirst = figures.after(Duration.ofMillis(30_100)).arrivals().stream()
                .filter(call -> call.worker() == 0
                        && call.at() < Duration.ofMillis(31_100).toNanos())
                .count();
        assertThat(ofTheFirst).as("calls in the second after a tenth of one").isLessThanOrEqualTo(10 + 1);
        assertThat(figures.after(Duration.ofSeconds(32)).leastShare()).isGreaterThan(0.9);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void aWorkerThatIsCutOffFromKafkaGivesBackWhatWasLent(long seed) {
        Simulation simulation = new Simulation(ONE_OF_FOUR, seed);
        simulation.cutOff(0, Duration.ofSeconds(20), Duration.ofSeconds(20));
        // The others believe by then that the worker is gone, and divide nothing of its part.
        addBacklogOfOthers(simulation, Duration.ofSeconds(24));
        Figures figures = simulation.run();

        assertThat(figures.rejected()).as("%s", figures).isLessThan(0.003);
        assertThat(figures.after(Duration.ofSeconds(42)).utilisation()).isGreaterThan(0.95);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void aWorkerThatWasFrozenSpendsNothingThatIsNoLongerLent(long seed) {
        Simulation simulation = new Simulation(ONE_OF_FOUR, seed);
        simulation.freeze(0, Duration.ofSeconds(20), Duration.ofSeconds(6));
        addBacklogOfOthers(simulation, Duration.ofSeconds(21));
        Figures figures = simulation.run();

        assertThat(figures.rejected(Duration.ofSeconds(25), Duration.ofSeconds(3)) * 3 * 40)
                .as("rejections at the change")
                .isLessThanOrEqualTo(4);
        assertThat(figures.after(Duration.ofSeconds(30)).rejected()).isLessThan(0.003);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void theBundlesOfADeadWorkerAreLentUntilTheyHaveANewOwner(long seed) {
        Simulation simulation = new Simulation(FOUR, seed);
        simulation.kill(3, Duration.ofSeconds(20));
        Figures figures = simulation.run();

        assertThat(figures.rejected()).as("%s", figures).isLessThan(0.003);
        assertThat(figures.after(Duration.ofSeconds(31)).utilisation()).isGreaterThan(0.95);
        long meanwhile = figures.after(Duration.ofSeconds(27)).admitted()
                - figures.after(Duration.ofMillis(29_500)).admitted();
        assertThat(meanwhile).as("in two and a half seconds").isGreaterThan((long) (2.5 * 40 * 0.93));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void threeCallsASecondOfFourWorkersAreNotRejected(long seed) {
        Scenario three = Scenario.of(Scenario.Step.of(SLIDING_WINDOW, 3, 120))
                .withLimit("3/s")
                .withWorkers(4)
                .withPool(Duration.ofMillis(2), Duration.ofMillis(30));
        Figures figures = new Simulation(three, seed).run();

        assertThat(figures.utilisation()).as("%s", figures).isGreaterThan(0.95);
        assertThat(figures.rejected()).as("%s", figures).isLessThan(0.02);
        assertThat(figures.leastShare()).as("over six turns").isGreaterThan(0.6);
    }

    /** Each of the three spends less than a quarter of the limit, and most of the time nothing of late. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void whatIsRarelySpentOfASlowLimitIsNotSpentTwice(long seed) {
        Scenario slow = Scenario.of(Scenario.Step.of(SLIDING_WINDOW, 40, 3_600))
                .withLimit("2/min")
                .withWorkers(4)
                .withPool(Duration.ofMillis(2), Duration.ofMillis(30))
                .withLoad(Scenario.Load.RARE);
        Figures figures = new Simulation(slow, seed).run();

        assertThat(figures.utilisation() * 40 * 60).as("calls a minute").isBetween(1.5, 2.1);
    }

    @Test
    void reportsThatTakeASecondCostRejectionsButNoWork() {
        Scenario slow =
                FOUR.withPool(Duration.ofMillis(500), Duration.ofSeconds(1)).withLoad(Scenario.Load.FLAPPING);
        Figures figures = new Simulation(slow, 1).run();

        assertThat(figures.utilisation()).as("%s", figures).isGreaterThan(0.75);
        assertThat(figures.rejected()).as("%s", figures).isLessThan(0.03);
    }

    private static void addBacklogOfOthers(Simulation simulation, Duration after) {
        for (int worker = 1; worker < 4; worker++) {
            simulation.addBacklog(worker, after);
        }
    }
}
