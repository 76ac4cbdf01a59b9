package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.sandbox.ApiFault.Reply;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ApiFaultTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "status=500",
                "status=400 too-long",
                "status=403 body=html",
                "status=403 body=problem",
                "status=404 body=text",
                "status=302 body=none",
                "zipped",
                "status=429 type=credit_limit reset=2.5 retry-after=3.0 times=2",
                "hang",
                "hang-body",
                "cut",
                "cut-body latency=250ms",
                "not-json",
                "no-choices latency=100ms..2000ms",
                "empty latency=lognormal(800ms,0.6)",
                "huge=10485760",
                "finish=weird",
                "error-event pace=20ms",
                "ends-early",
                "no-done pace=10ms..40ms",
                "not-streamed",
                "normal"
            })
    void aFaultIsReadBackAsItIsWritten(String text) {
        ApiFault fault = ApiFault.parse(text);

        assertThat(fault).hasToString(text);
        assertThat(ApiFault.parse(fault.toString())).isEqualTo(fault);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            statsu=500        | did you mean 'status'
            status=99         | status=99
            status=abc        | malformed number
            status            | needs a value
            hang cut          | go together
            hang type=x       | go together
            huge=10           | too small
            huge=ten          | 'ten' is not a size
            latency=1day      | '1day' is not a duration
            latency=2s..1s    | minimum is 2000ms
            times=0 hang      | times=0
            reset=-1 hang     | '-1' is not a number of seconds
            status=403 body=x | body=x
            """)
    void aMalformedFaultIsExplained(String text, String complaint) {
        assertThatThrownBy(() -> ApiFault.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(complaint);
    }

    @Test
    void latencyIsDrawnFromItsDistribution() {
        Random random = new Random(1);
        List<Duration> uniform = draw(LatencyModel.parse("100ms..200ms"), random);
        List<Duration> logNormal = draw(LatencyModel.parse("lognormal(100ms,0.6)"), random);

        assertThat(uniform).allMatch(wait -> wait.toMillis() >= 100 && wait.toMillis() <= 200);
        assertThat(uniform).anyMatch(wait -> wait.toMillis() < 110).anyMatch(wait -> wait.toMillis() > 190);
        assertThat(logNormal.stream().filter(wait -> wait.toMillis() < 100).count())
                .isBetween(4700L, 5300L);
        assertThat(logNormal).anyMatch(wait -> wait.toMillis() > 400);
        assertThat(draw(LatencyModel.parse("7ms"), random)).containsOnly(Duration.ofMillis(7));
    }

    private static List<Duration> draw(LatencyModel latency, Random random) {
        return IntStream.range(0, 10_000).mapToObj(i -> latency.draw(random)).toList();
    }

    @Test
    void rulesApplyToTheNextCallsByChanceOrAlways() {
        List<FaultRule> rules = List.of(
                FaultRule.next(2, ApiFault.of(Reply.CUT)),
                FaultRule.withProbability(0.5, ApiFault.of(Reply.HANG)),
                FaultRule.always(ApiFault.status(503)));
        FaultPicker picker = new FaultPicker();
        Random random = new Random(3);
        ParsedChatBody request = ParsedChatBody.parse(new byte[0]);

        List<ApiFault> picked = IntStream.range(0, 1002)
                .mapToObj(i -> picker.pick(request, rules, random))
                .toList();

        assertThat(picked.subList(0, 2)).containsOnly(ApiFault.of(Reply.CUT));
        assertThat(picked.subList(2, 1002)).doesNotContain(ApiFault.of(Reply.CUT));
        assertThat(picked.stream().filter(ApiFault.of(Reply.HANG)::equals).count())
                .isBetween(430L, 570L);
        assertThat(picked.stream().filter(ApiFault.status(503)::equals).count()).isBetween(430L, 570L);
    }

    @Test
    void anInvalidRuleIsRefused() {
        assertThatThrownBy(() -> FaultRule.withProbability(1.5, ApiFault.NONE)).hasMessageContaining("1.5");
        assertThatThrownBy(() -> FaultRule.next(0, ApiFault.NONE)).hasMessageContaining("next is 0");
        assertThatThrownBy(() -> new FaultRule(ApiFault.NONE, 0.5, 1)).hasMessageContaining("not both");
        assertThatThrownBy(() -> FaultRule.always(ApiFault.parse("hang times=2")))
                .hasMessageContaining("times");
    }
}
