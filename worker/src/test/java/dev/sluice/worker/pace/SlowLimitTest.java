package dev.sluice.worker.pace;

import static dev.sluice.sandbox.RateLimitKind.SLIDING_WINDOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.RateLimit;
import dev.sluice.worker.Requests;
import dev.sluice.worker.pace.Scenario.Load;
import dev.sluice.worker.provider.TokenUsage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Measures in virtual time what is spent of limits that are far below one call a second. */
@Tag("simulation")
class SlowLimitTest {
    private static final Duration DAY = Duration.ofDays(1);
    private static final int HOURS = 30;

    private final VirtualTime time = new VirtualTime();

    @ParameterizedTest
    @CsvSource({"50/day, 50, P1D", "100/h, 100, PT1H", "9/min, 9, PT1M", "1/day, 1, P1D", "7/day, 7, P1D"})
    void aLaneAloneSpreadsItsCallsEvenly(String limit, int calls, Duration period) {
        List<Long> sentAt = callsWithin(lane(limit, 1), period.multipliedBy(10));

        assertThat(sentAt).as("calls in ten periods").hasSizeBetween((int) (9.7 * calls), 10 * calls + 1);
        assertThat(most(sentAt, period)).isLessThanOrEqualTo(calls + 1);
    }

    /** The API counts by the minute or by some seconds, and nobody says so. */
    @ParameterizedTest
    @CsvSource({
        "9, 60, 0.85, 0.08",
        "6, 60, 0.85, 0.1",
        "3, 60, 0.85, 0.12",
        "30, 60, 0.9, 0.08",
        "1, 10, 0.7, 0.1",
    })
    void aSlowLimitThatNobodyTellsIsFoundOut(int calls, int seconds, double used, double rejected) {
        RateLimit limit = RateLimit.requests((double) calls / seconds).withWindow(Duration.ofSeconds(seconds));
        Scenario unpooled = Scenario.of(new Scenario.Step(limit, Duration.ofMinutes(20), true));
        // A worker that is alone in its pool is its own pilot.
        for (Scenario scenario : List.of(unpooled, unpooled.withPool(Duration.ofMillis(2), Duration.ofMillis(30)))) {
            Figures figures = new Simulation(scenario, 1).run().after(Duration.ofMinutes(3));

            assertThat(figures.utilisation())
                    .as("%s: %s", scenario.pool(), figures)
                    .isGreaterThan(used);
            assertThat(figures.rejected())
                    .as("%s: %s", scenario.pool(), figures)
                    .isLessThanOrEqualTo(rejected);
        }
    }

    @Test
    void aSlowLimitThatRisesIsFollowed() {
        RateLimit slow = RateLimit.requests(0.15).withWindow(Duration.ofMinutes(1));
        Scenario scenario = Scenario.of(
                new Scenario.Step(slow, Duration.ofMinutes(10), true), Scenario.Step.of(SLIDING_WINDOW, 20, 600));
        Figures figures = new Simulation(scenario, 1).run();

        assertThat(figures.after(Duration.ofMinutes(16)).utilisation())
                .as("%s", figures)
                .isGreaterThan(0.9);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 12, 100})
    void aPartOfALimitIsNotRoundedUp(int workers) {
        List<Long> sentAt = callsWithin(lane("10/day", workers), DAY.multipliedBy(10L * workers));

        assertThat(sentAt).hasSizeBetween(96, 101);
    }

    @Test
    void tokensOfADayAreSpentInCallsThatAreLargerThanAnHoursPart() {
        Lane lane = lane("10000 tokens/day", 1);
        int tokens = 0;
        for (long minute = 0; minute < 4 * DAY.toMinutes(); minute++) {
            time.pass(Duration.ofMinutes(1));
            for (InFlightCall call = lane.poll(); call != null; call = lane.poll()) {
                tokens += 2_500;
                lane.ended(call, CallFeedback.PASSED.with(Optional.of(new TokenUsage(2_000, 500))));
            }
        }

        assertThat(tokens).isBetween(36_000, 43_000);
    }

    @ParameterizedTest
    @CsvSource({"50/day, 50, 4, 1", "10/day, 10, 3, 2"})
    void workersThatAllHaveABacklogSpendALimitOfADayOnce(String limit, int calls, int workers, long seed) {
        Figures figures = new Simulation(pool(limit, workers), seed).run();

        assertThat(most(admitted(figures), DAY)).isLessThanOrEqualTo(calls + 1);
        assertThat((double) figures.admitted()).isGreaterThan(0.94 * calls * HOURS / 24 - 1);
    }

    @Test
    void aWorkerAloneWithWorkSpendsAllOfADay() {
        Figures figures = new Simulation(pool("50/day", 4).withLoad(Load.ONE), 1).run();

        assertThat(figures.admitted()).isBetween(58L, 63L);
    }

    @Test
    void workersThatComeAndGoSpendALimitOfADayOnce() {
        Simulation simulation = new Simulation(pool("50/day", 4), 1);
        simulation.freeze(1, Duration.ofHours(5), Duration.ofMinutes(5));
        simulation.cutOff(2, Duration.ofHours(12), Duration.ofHours(1));
        simulation.kill(3, Duration.ofHours(18));
        Figures figures = simulation.run();

        // Three workers stop and two of them begin again.
        int changes = 5;
        assertThat(most(admitted(figures), DAY)).isLessThanOrEqualTo(50 + changes);
        assertThat((double) figures.admitted()).isGreaterThan(0.9 * 50 * HOURS / 24);
    }

    private static Scenario pool(String limit, int workers) {
        return Scenario.of(Scenario.Step.of(SLIDING_WINDOW, 40, HOURS * 3_600))
                .withLimit(limit)
                .withWorkers(workers)
                .withPool(Duration.ofMillis(2), Duration.ofMillis(30));
    }

    private static List<Long> admitted(Figures figures) {
        return figures.arrivals().stream().map(Simulation.Arrival::at).toList();
    }

    /** Returns the most calls that any period holds, wherever it begins. */
    private static int most(List<Long> sentAt, Duration period) {
        int most = 0;
        for (int first = 0; first < sentAt.size(); first++) {
            int last = first;
            while (last < sentAt.size() && sentAt.get(last) - sentAt.get(first) < period.toNanos()) {
                last++;
            }
            most = Math.max(most, last - first);
        }
        return most;
    }

    private Lane lane(String limit, int workers) {
        LimitShare share = new LimitShare(1, workers);
        AllLanes all = new AllLanes(new CallSlots(1_000_000), Map.of());
        Lane lane = new Lane("m", ConfiguredLimit.parse(limit), time, share, all);
        for (int i = 0; i < 2_000; i++) {
            lane.add(Requests.ofModel("m").at(i).build());
        }
        return lane;
    }

    /** Polls whenever the lane asks for it. */
    private List<Long> callsWithin(Lane lane, Duration duration) {
        List<Long> sentAt = new ArrayList<>();
        long end = time.currentTimeNanos() + duration.toNanos();
        while (time.currentTimeNanos() < end) {
            InFlightCall call = lane.poll();
            if (call == null) {
                time.passNanos(Math.max(1, lane.nanosToNext()));
            } else {
                sentAt.add(time.currentTimeNanos());
                call.connecting().run();
                lane.ended(call, CallFeedback.PASSED);
            }
        }
        return sentAt;
    }
}
