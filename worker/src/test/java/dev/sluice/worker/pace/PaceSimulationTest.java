package dev.sluice.worker.pace;

import static dev.sluice.sandbox.RateLimitKind.FIXED_WINDOW;
import static dev.sluice.sandbox.RateLimitKind.SLIDING_WINDOW;
import static dev.sluice.sandbox.RateLimitKind.TOKEN_BUCKET;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.RateLimit;
import java.time.Duration;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Measures how much of a limit the workers use and how often they are rejected, in minutes of virtual time. */
@Tag("simulation")
class PaceSimulationTest {
    private static final int SEEDS = 3;

    private static final Scenario TWENTY = Scenario.of(Scenario.Step.of(SLIDING_WINDOW, 20, 60));
    private static final Scenario FORTY = Scenario.of(Scenario.Step.of(SLIDING_WINDOW, 40, 75));
    private static final Scenario STEPS = Scenario.of(
            Scenario.Step.of(SLIDING_WINDOW, 20, 20),
            Scenario.Step.of(SLIDING_WINDOW, 40, 20),
            Scenario.Step.of(SLIDING_WINDOW, 10, 20));
    private static final Scenario THOUSAND = Scenario.of(Scenario.Step.of(SLIDING_WINDOW, 1000, 40))
            .withLatency(Duration.ofMillis(300), Duration.ofMillis(301));
    private static final Scenario TOKENS = Scenario.of(
                    new Scenario.Step(RateLimit.tokens(4000), Duration.ofSeconds(60), true))
            .withSizes(20, 1200);
    /** A limit of twice what succeeded in the past minute, between 5 and 100 a second. */
    private static final Scenario DYNAMIC = Scenario.of(new Scenario.Step(
            RateLimit.requests(5).dynamic(100.0, null, Duration.ofMinutes(1)), Duration.ofMinutes(5), true));

    /**
     * The figures that a scenario must reach.
     *
     * @param after the time from which the figures count
     * @param utilisation the least part of the limit that must be used
     * @param rejected the largest part of all calls that may be rejected
     * @param finding the calls that may be rejected in the first second. There are some if the configured limit is too
     *     high, or if the workers' parts of it are no whole numbers.
     */
    private record Target(
            String name, Scenario scenario, Duration after, double utilisation, double rejected, long finding) {
        static Target of(String name, Scenario scenario, int after, double utilisation, double rejected) {
            return new Target(name, scenario, Duration.ofSeconds(after), utilisation, rejected, 0);
        }

        Target finding(long calls) {
            return new Target(name, scenario, after, utilisation, rejected, calls);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Target> targets() {
        return Stream.of(
                Target.of("a known limit", TWENTY.withLimit("20/s"), 0, 0.97, 0.002),
                Target.of("a known limit that is too high", TWENTY.withLimit("30/s"), 15, 0.92, 0.015)
                        .finding(1),
                Target.of("an unknown limit", TWENTY, 15, 0.95, 0.015),
                Target.of(
                        "an API that takes its time to reject",
                        TWENTY.withRejectionsTaking(Duration.ofMillis(400)),
                        15,
                        0.94,
                        0.015),
                Target.of("an API that says nothing of when", TWENTY.withoutHints(), 15, 0.94, 0.015),
                Target.of(
                        "calls of up to half a minute",
                        TWENTY.withLatency(Duration.ofSeconds(5), Duration.ofSeconds(30)),
                        15,
                        0.94,
                        0.015),
                Target.of("a limit in steps", STEPS, 0, 0.86, 0.015),
                Target.of("a limit in steps without hints", STEPS.withoutHints(), 0, 0.86, 0.025),
                Target.of("a limit in steps that headers name", STEPS.withHeaders(), 0, 0.94, 0.005),
                Target.of("four workers, known", FORTY.withWorkers(4).withLimit("40/s"), 0, 0.97, 0.002),
                Target.of("five workers, known", FORTY.withWorkers(5).withLimit("40/s"), 0, 0.97, 0.002),
                Target.of("three workers, known", FORTY.withWorkers(3).withLimit("40/s"), 0, 0.96, 0.008)
                        .finding(2),
                Target.of("seven workers, known", FORTY.withWorkers(7).withLimit("40/s"), 0, 0.92, 0.025)
                        .finding(2),
                Target.of("four workers, unknown", FORTY.withWorkers(4), 15, 0.92, 0.03),
                Target.of("eight workers, unknown", FORTY.withWorkers(8), 15, 0.9, 0.04),
                Target.of("1,000/s, known", THOUSAND.withLimit("1000/s"), 0, 0.97, 0.002),
                Target.of("1,000/s, unknown", THOUSAND, 15, 0.95, 0.005),
                Target.of(
                        "one a second, unknown", Scenario.of(Scenario.Step.of(SLIDING_WINDOW, 1, 300)), 15, 0.9, 0.06),
                Target.of(
                        "a bucket that starts full",
                        Scenario.of(Scenario.Step.of(TOKEN_BUCKET, 20, 60)),
                        15,
                        0.94,
                        0.025),
                Target.of("a fixed window", Scenario.of(Scenario.Step.of(FIXED_WINDOW, 20, 60)), 15, 0.94, 0.02),
                Target.of("tokens, known", TOKENS.withLimit("1000/s,4000 tokens/s"), 0, 0.88, 0.02),
                Target.of("tokens, unknown", TOKENS, 15, 0.8, 0.025));
    }

    @ParameterizedTest
    @MethodSource("targets")
    void usesTheLimitIsSeldomRejectedAndBeginsWithoutABurst(Target target) {
        SoftAssertions softly = new SoftAssertions();
        for (long seed = 1; seed <= SEEDS; seed++) {
            Figures whole = new Simulation(target.scenario(), seed).run();
            Figures figures = whole.after(target.after());
            softly.assertThat(figures.utilisation())
                    .as("seed %d: %s", seed, figures)
                    .isBetween(target.utilisation(), 1.02);
            softly.assertThat(figures.rejected())
                    .as("seed %d: %s", seed, figures)
                    .isLessThanOrEqualTo(target.rejected());
            softly.assertThat(whole.rejectedInFirstSecond())
                    .as("seed %d: in the first second", seed)
                    .isLessThanOrEqualTo(target.finding());
        }
        softly.assertAll();
    }

    @ParameterizedTest
    @MethodSource("fewAndMany")
    void aDynamicLimitIsDrivenToItsCap(int workers) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            Figures figures = new Simulation(DYNAMIC.withWorkers(workers), seed).run();
            Figures atLast = figures.after(Duration.ofMinutes(4));

            assertThat(atLast.admitted()).as("seed %d: %s", seed, atLast).isGreaterThan(55 * 100L);
            assertThat(figures.rejected()).as("seed %d: %s", seed, figures).isLessThan(0.02);
        }
    }

    @ParameterizedTest
    @MethodSource("shared")
    void noWorkerThatSharesAnUnknownLimitIsLeftBehind(String name, Scenario scenario) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            Figures figures = new Simulation(scenario, seed).run();
            Figures atLast = figures.after(scenario.duration().minusMinutes(2));

            assertThat(atLast.leastShare()).as("seed %d: %s", seed, atLast).isGreaterThan(0.5);
        }
    }

    @ParameterizedTest
    @MethodSource("halved")
    void severalWorkersFollowAFallenLimitWithinSeconds(String name, Scenario scenario) {
        Duration fall = scenario.steps().get(0).lasts();
        for (long seed = 1; seed <= SEEDS; seed++) {
            Figures figures = new Simulation(scenario, seed).run();

            assertThat(figures.rejected(fall, Duration.ofSeconds(10)))
                    .as("seed %d: in the first ten seconds", seed)
                    .isLessThan(0.2);
            assertThat(figures.rejected(fall.plusSeconds(5), Duration.ofSeconds(10)))
                    .as("seed %d: in the next ten, from the fifth on", seed)
                    .isLessThan(0.05);
            assertThat(figures.rejected()).as("seed %d: %s", seed, figures).isLessThan(0.035);
        }
    }

    static Stream<Arguments> halved() {
        Scenario halved = Scenario.of(
                        Scenario.Step.of(SLIDING_WINDOW, 40, 90), Scenario.Step.of(SLIDING_WINDOW, 20, 120))
                .withWorkers(4)
                .withLatency(Duration.ofMillis(50), Duration.ofMillis(51));
        return Stream.of(Arguments.of("halved", halved), Arguments.of("without hints", halved.withoutHints()));
    }

    /** Workers that do not know each other do not come to equal parts. */
    static Stream<Arguments> shared() {
        Scenario.Step twenty = Scenario.Step.of(SLIDING_WINDOW, 20, 240);
        Scenario three = pool(Scenario.of(twenty).withWorkers(3));
        Scenario.Step outage = Scenario.Step.of(SLIDING_WINDOW, 20, 30).down();
        return Stream.of(
                Arguments.of("three workers", three),
                Arguments.of("without hints", three.withoutHints()),
                Arguments.of(
                        "four workers",
                        pool(Scenario.of(Scenario.Step.of(SLIDING_WINDOW, 40, 240))
                                .withWorkers(4))),
                Arguments.of(
                        "after an outage",
                        pool(Scenario.of(twenty, outage, twenty).withWorkers(3))));
    }

    private static Scenario pool(Scenario scenario) {
        return scenario.withPool(Duration.ofMillis(2), Duration.ofMillis(30));
    }

    static Stream<Integer> fewAndMany() {
        return Stream.of(1, 3);
    }

    @ParameterizedTest
    @MethodSource("fewAndMany")
    void theSameSeedGivesTheSameRun(int workers) {
        Scenario scenario = STEPS.withWorkers(workers);

        assertThat(new Simulation(scenario, 7).run().arrivals())
                .isEqualTo(new Simulation(scenario, 7).run().arrivals());
    }
}
