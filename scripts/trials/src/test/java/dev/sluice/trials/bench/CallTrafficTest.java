package dev.sluice.trials.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.sandbox.ReceivedCall;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CallTrafficTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long START = -5 * SECOND;

    @Test
    void aLimitThatChangesAdmitsItsIntegral() {
        LimitTimeline timeline = new LimitTimeline(START, 20);
        timeline.change(START + 20 * SECOND, 40);
        timeline.change(START + 40 * SECOND, 10);

        assertThat(timeline.admits(START, START + 60 * SECOND)).isCloseTo(1_400, within(1e-6));
        assertThat(timeline.admits(START + 19 * SECOND, START + 21 * SECOND)).isCloseTo(60, within(1e-6));
        assertThat(timeline.admits(START + 50 * SECOND, START + 51 * SECOND)).isCloseTo(10, within(1e-6));
        assertThat(timeline.at(START + 19 * SECOND)).isEqualTo(20);
        assertThat(timeline.at(START + 20 * SECOND)).isEqualTo(40);
        assertThatThrownBy(() -> timeline.change(START, 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void utilisationIsWhatWasAdmittedOfWhatTheLimitLetsPass() {
        CallTraffic traffic = traffic(
                false,
                Stream.concat(calls(5, 200, 100), Stream.of(call(5 * SECOND, 429, 0), call(SECOND / 2, 500, 0))));

        long end = START + 10 * SECOND;
        assertThat(traffic.utilisation(START, end)).isCloseTo(0.5, within(1e-9));
        assertThat(traffic.rejected(START, end)).isCloseTo(1.0 / 7, within(1e-9));
        assertThat(traffic.rejected(START, START + 4 * SECOND)).isZero();
        assertThat(traffic.utilisation(START + 2 * SECOND, START + 4 * SECOND)).isCloseTo(1.5, within(1e-9));
        assertThat(traffic.lastAdmitted()).isEqualTo(START + 4 * SECOND);
    }

    @Test
    void utilisationOfALimitOfTokensIsInTokens() {
        CallTraffic traffic = new CallTraffic(calls(5, 200, 100).toList(), new LimitTimeline(START, 200), true);

        assertThat(traffic.utilisation(START, START + 5 * SECOND)).isCloseTo(0.5, within(1e-9));
    }

    @Test
    void theFirstSecondIsOneSecond() {
        CallTraffic traffic = traffic(false, IntStream.range(0, 4).mapToObj(i -> call(i * SECOND / 3, 200, 9)));
        CallTraffic burst = traffic(false, IntStream.range(0, 4).mapToObj(i -> call(i * SECOND / 4, 200, 9)));

        assertThat(traffic.tooManyAtFirst())
                .as("three, then one that belongs to the next")
                .isEqualTo(2);
        assertThat(burst.tooManyAtFirst()).isEqualTo(3);
    }

    @Test
    void nothingIsJudgedWithoutACall() {
        assertThatThrownBy(() -> new CallTraffic(List.of(), new LimitTimeline(START, 1), false))
                .hasMessageContaining("no call");
    }

    @Test
    void boundsAreNotMetByRounding() {
        assertThat(PaceOutcome.missing(0.97, 970).holds()).isTrue();
        assertThat(PaceOutcome.missing(0.9699, 970).holds()).isFalse();
        assertThat(PaceOutcome.rejections(0.002, 2).holds()).isTrue();
        assertThat(PaceOutcome.rejections(0.0021, 2).holds()).isFalse();
        assertThat(PaceOutcome.missing(1.01, 970).measured()).isNegative();
    }

    static CallTraffic traffic(boolean inTokens, Stream<ReceivedCall> calls) {
        return new CallTraffic(calls.toList(), new LimitTimeline(START, 1), inTokens);
    }

    private static Stream<ReceivedCall> calls(int count, int status, int tokens) {
        return IntStream.range(0, count).mapToObj(i -> call(i * SECOND, status, tokens));
    }

    static ReceivedCall call(long after, int status, int tokens) {
        return new ReceivedCall(START + after, 0, status, "a", tokens, 0);
    }
}
