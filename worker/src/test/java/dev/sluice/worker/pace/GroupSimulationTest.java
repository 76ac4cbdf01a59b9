package dev.sluice.worker.pace;

import static dev.sluice.sandbox.RateLimitKind.SLIDING_WINDOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.RateLimit;
import dev.sluice.worker.pace.Scenario.Load;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Measures in virtual time how two models share one limit of the API if their group is told. */
@Tag("simulation")
class GroupSimulationTest {
    private static final List<String> MODELS = List.of("a", "b");
    private static final Scenario TWENTY = Scenario.of(Scenario.Step.of(SLIDING_WINDOW, 20, 60));

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void twoModelsInAGroupSpendAllOfTheirLimitAndHaveEqualParts(long seed) {
        Figures figures = simulation(TWENTY, group("a+b", "20/s"), seed).run();

        assertThat(figures.utilisation()).as("%s", figures).isGreaterThan(0.96);
        assertThat(figures.rejected()).as("%s", figures).isLessThanOrEqualTo(0.002);
        assertThat(shareOf("a", figures)).isBetween(0.48, 0.52);
    }

    @Test
    void allModelsMayBeAGroup() {
        Figures figures = simulation(TWENTY, group("all", "20/s"), 1).run();

        assertThat(figures.utilisation()).as("%s", figures).isGreaterThan(0.96);
        assertThat(figures.rejected()).as("%s", figures).isLessThanOrEqualTo(0.002);
    }

    @Test
    void aModelsOwnLimitLeavesTheRestToTheOthers() {
        ConfiguredLimits limits = new ConfiguredLimits(
                Map.of("a", ConfiguredLimit.parse("4/s")),
                ConfiguredLimit.UNKNOWN,
                Map.of("a+b", ConfiguredLimit.parse("20/s")));
        Figures figures = simulation(TWENTY, limits, 1).run();

        assertThat(figures.utilisation()).as("%s", figures).isGreaterThan(0.95);
        assertThat(figures.rejected()).as("%s", figures).isLessThanOrEqualTo(0.002);
        assertThat(shareOf("a", figures)).isBetween(0.18, 0.21);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void fourWorkersShareTheLimitOfAGroup(long seed) {
        Scenario four = TWENTY.withWorkers(4).withPool(Duration.ofMillis(2), Duration.ofMillis(30));
        Figures figures = simulation(four, group("a+b", "20/s"), seed).run();
        Figures alone =
                simulation(four.withLoad(Load.ONE), group("a+b", "20/s"), seed).run();

        assertThat(figures.utilisation()).as("%s", figures).isGreaterThan(0.94);
        assertThat(figures.rejected()).as("%s", figures).isLessThan(0.005);
        assertThat(alone.utilisation())
                .as("a worker alone with work: %s", alone)
                .isGreaterThan(0.94);
    }

    @Test
    void tokensAreSharedAsWell() {
        Scenario tokens = Scenario.of(new Scenario.Step(RateLimit.tokens(2_000), Duration.ofSeconds(60), true))
                .withSizes(100, 400);
        Figures figures = simulation(tokens, group("a+b", "2000 tokens/s"), 1).run();

        assertThat(figures.utilisation()).as("%s", figures).isGreaterThan(0.9);
        assertThat(figures.rejected()).as("%s", figures).isLessThan(0.02);
    }

    @Test
    void aGroupThatProvesTooHighIsFollowedDown() {
        Figures figures = simulation(TWENTY, group("a+b", "40/s"), 1).run();

        assertThat(figures.after(Duration.ofSeconds(10)).utilisation())
                .as("%s", figures)
                .isGreaterThan(0.85);
        assertThat(figures.after(Duration.ofSeconds(10)).rejected())
                .as("%s", figures)
                .isLessThan(0.06);
    }

    /** Each model may have what it is said to have in the first second. Later both fail to find more again. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void modelsThatShareWhatEachIsSaidToHaveAreFollowedDownAtOnceAndTriedMoreSeldom(long seed) {
        Scenario told = Scenario.of(Scenario.Step.of(SLIDING_WINDOW, 20, 180)).withLimit("20/s");
        Figures figures =
                simulation(told, ConfiguredLimits.each(told.limit()), seed).run();
        Duration first = Duration.ofSeconds(2);

        assertThat(figures.between(Duration.ZERO, first).rejected())
                .as("%s", figures.between(Duration.ZERO, first))
                .isLessThan(0.1);
        assertThat(figures.utilisation()).as("%s", figures).isGreaterThan(0.94);
        assertThat(figures.after(Duration.ofSeconds(60)).rejected())
                .as("%s", figures.after(Duration.ofSeconds(60)))
                .isLessThan(0.015);
    }

    private static ConfiguredLimits group(String name, String limit) {
        return new ConfiguredLimits(Map.of(), ConfiguredLimit.UNKNOWN, Map.of(name, ConfiguredLimit.parse(limit)));
    }

    private static Simulation simulation(Scenario scenario, ConfiguredLimits limits, long seed) {
        return new Simulation(scenario, MODELS, limits, seed);
    }

    private static double shareOf(String model, Figures figures) {
        long calls = figures.arrivals().stream()
                .filter(call -> call.admitted() && call.model().equals(model))
                .count();
        return (double) calls / figures.admitted();
    }
}
