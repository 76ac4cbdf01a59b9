package dev.sluice.worker.pace;

import static dev.sluice.sandbox.RateLimitKind.SLIDING_WINDOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.RateLimit;
import java.time.Duration;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Measures in virtual time how workers that know each other find out a limit that nobody tells. */
@Tag("simulation")
class PilotSimulationTest {
    private static final int SEEDS = 3;
    private static final Scenario STEPS = pool(Scenario.of(
            Scenario.Step.of(SLIDING_WINDOW, 20, 20),
            Scenario.Step.of(SLIDING_WINDOW, 40, 20),
            Scenario.Step.of(SLIDING_WINDOW, 10, 20)));

    private static final Scenario TOKENS = pool(Scenario.of(
                    new Scenario.Step(RateLimit.tokens(4_000), Duration.ofSeconds(90), true)))
            .withSizes(20, 1_200);

    /**
     * The figures that a scenario must reach.
     *
     * @param after the time from which the figures count
     * @param utilisation the least part of the limit that must be used
     * @param rejected the largest part of all calls that may be rejected
     */
    private record Target(String name, Scenario scenario, int after, double utilisation, double rejected) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Target> targets() {
        return Stream.of(
                new Target("1 worker", workers(1, 20, 60), 15, 0.95, 0.015),
                new Target("4 workers", workers(4, 40, 75), 15, 0.95, 0.012),
                new Target("8 workers", workers(8, 40, 75), 15, 0.94, 0.013),
                new Target("32 workers", workers(32, 100, 75), 15, 0.93, 0.012),
                new Target("100 workers", workers(100, 200, 30), 20, 0.9, 0.02),
                new Target("4 workers without hints", workers(4, 40, 75).withoutHints(), 15, 0.95, 0.013),
                new Target("one of 8 with work", workers(8, 40, 75).withLoad(Scenario.Load.ONE), 15, 0.95, 0.012),
                new Target(
                        "one of 4 beside a trickle", workers(4, 40, 75).withLoad(Scenario.Load.TRICKLE), 15, 0.8, 0.02),
                new Target(
                        "work that comes and goes",
                        workers(4, 40, 75).withLoad(Scenario.Load.FLAPPING),
                        15,
                        0.87,
                        0.03),
                new Target("3/s", workers(4, 3, 150), 20, 0.9, 0.04),
                new Target("2/s", workers(4, 2, 300), 20, 0.85, 0.06),
                new Target("1/s", workers(4, 1, 300), 20, 0.9, 0.08),
                new Target("tokens", TOKENS.withWorkers(4), 20, 0.74, 0.04),
                new Target("tokens, 8 workers", TOKENS.withWorkers(8), 20, 0.74, 0.04),
                new Target("steps", STEPS.withWorkers(4), 0, 0.78, 0.035),
                new Target("steps, 8 workers", STEPS.withWorkers(8), 0, 0.75, 0.045),
                new Target("reports that take up to a second", late(workers(4, 40, 75)), 15, 0.93, 0.025),
                new Target("such reports of 8 workers", late(workers(8, 40, 75)), 15, 0.92, 0.035),
                new Target("steps and such reports", late(STEPS.withWorkers(4)), 0, 0.78, 0.04));
    }

    @ParameterizedTest
    @MethodSource("targets")
    void usesTheLimitAndIsSeldomRejected(Target target) {
        SoftAssertions softly = new SoftAssertions();
        // A hundred workers take their time.
        int seeds = target.scenario().workers() < 32 ? SEEDS : 1;
        for (long seed = 1; seed <= seeds; seed++) {
            Figures figures = new Simulation(target.scenario(), seed).run().after(Duration.ofSeconds(target.after()));
            softly.assertThat(figures.utilisation())
                    .as("seed %d: %s", seed, figures)
                    .isBetween(target.utilisation(), 1.02);
            softly.assertThat(figures.rejected())
                    .as("seed %d: %s", seed, figures)
                    .isLessThanOrEqualTo(target.rejected());
        }
        softly.assertAll();
    }

    /** One of the four is the pilot. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void whatWasFoundOutSurvivesTheWorkerThatFoundIt(int killed) {
        Simulation simulation = new Simulation(workers(4, 40, 75), 1);
        simulation.kill(killed, Duration.ofSeconds(30));
        Figures figures = simulation.run();

        assertThat(figures.rejected(Duration.ofSeconds(30), Duration.ofSeconds(45)))
                .as("%s", figures)
                .isLessThan(0.02);
        assertThat(figures.after(Duration.ofSeconds(45)).utilisation())
                .as("%s", figures)
                .isGreaterThan(0.93);
        // Three quarters of the limit belong to the others all the time.
        assertThat(figures.after(Duration.ofSeconds(30)).utilisation())
                .as("%s", figures)
                .isGreaterThan(0.83);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void aWorkerThatStandsStillForAWhileSpendsNothingTwice(int frozen) {
        Simulation simulation = new Simulation(workers(4, 40, 75), 2);
        simulation.freeze(frozen, Duration.ofSeconds(30), Duration.ofSeconds(8));
        Figures figures = simulation.run();

        assertThat(figures.after(Duration.ofSeconds(29)).rejected())
                .as("%s", figures)
                .isLessThan(0.02);
        assertThat(figures.after(Duration.ofSeconds(45)).utilisation())
                .as("%s", figures)
                .isGreaterThan(0.93);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void reportsThatAreLostCostLittle(long seed) {
        Simulation simulation = new Simulation(workers(4, 40, 75), seed);
        simulation.loseReports(0.2);
        Figures figures = simulation.run().after(Duration.ofSeconds(15));

        assertThat(figures.utilisation()).as("%s", figures).isGreaterThan(0.9);
        assertThat(figures.rejected()).as("%s", figures).isLessThan(0.025);
    }

    /** Somebody outside of the pool takes half of 40/s for half a minute. */
    @ParameterizedTest
    @CsvSource({
        "1, , 0.9, 0.015",
        "4, , 0.9, 0.016",
        "1, 40/s, 0.9, 0.01",
        "4, 40/s, 0.88, 0.012",
        "1, 60/s, 0.9, 0.015"
    })
    void theRestOfAStrangerIsUsedAndAMinuteLaterAllOfTheLimit(
            int workers, @Nullable String told, double used, double rejected) {
        Scenario scenario = workers(workers, 40, 170);
        for (long seed = 1; seed <= SEEDS; seed++) {
            Simulation simulation = new Simulation(told == null ? scenario : scenario.withLimit(told), seed);
            simulation.addStranger(Duration.ofSeconds(40), Duration.ofSeconds(30), 20);
            Figures figures = simulation.run();

            double left = 30 * 40 - simulation.strangers();
            double during = figures.between(Duration.ofSeconds(40), Duration.ofSeconds(30))
                            .admitted()
                    / left;
            assertThat(during).as("seed %d: what is left", seed).isGreaterThan(used);
            assertThat(figures.after(Duration.ofSeconds(130)).utilisation())
                    .as("seed %d: a minute later", seed)
                    .isGreaterThan(0.95);
            assertThat(figures.after(Duration.ofSeconds(15)).rejected())
                    .as("seed %d: all the time", seed)
                    .isLessThan(rejected);
        }
    }

    @Test
    void workersHaveEqualPartsOfWhatIsFoundOut() {
        Figures figures = new Simulation(workers(8, 40, 150), 1).run().after(Duration.ofSeconds(15));

        assertThat(figures.leastShare()).as("%s", figures).isGreaterThan(0.9);
    }

    private static Scenario workers(int count, double perSecond, int seconds) {
        return pool(Scenario.of(Scenario.Step.of(SLIDING_WINDOW, perSecond, seconds)))
                .withWorkers(count);
    }

    private static Scenario pool(Scenario scenario) {
        return scenario.withPool(Duration.ofMillis(2), Duration.ofMillis(30));
    }

    private static Scenario late(Scenario scenario) {
        return scenario.withPool(Duration.ofMillis(50), Duration.ofSeconds(1));
    }
}
