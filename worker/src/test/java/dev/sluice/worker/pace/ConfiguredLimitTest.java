package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.worker.provider.LimitUnit;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfiguredLimitTest {
    @ParameterizedTest
    @CsvSource({
        "10/s, 10, PT1S",
        "600/min, 600, PT1M",
        "1/min, 1, PT1M",
        "100/h, 100, PT1H",
        "50/day, 50, PT24H",
        "1 / Day, 1, PT24H",
        "10 / s, 10, PT1S",
        "' 10/S ', 10, PT1S",
        "1000000/s, 1000000, PT1S",
        "60000000/min, 60000000, PT1M",
        "86400000000/day, 86400000000, PT24H"
    })
    void requestsPerSecondMinuteHourAndDayAreUnderstood(String text, long requests, Duration period) {
        assertThat(ConfiguredLimit.parse(text)).isEqualTo(ConfiguredLimit.requests(new Rate(requests, period)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10/s,4000 tokens/s",
                "4000 tokens/s, 10/s",
                "600/min,240000 token/min",
                "36000/h,345600000 tokens/day"
            })
    void tokensAreLimitedBesideRequests(String text) {
        ConfiguredLimit limit = ConfiguredLimit.parse(text);

        assertThat(limit.perSecond(LimitUnit.REQUESTS)).hasValue(10);
        assertThat(limit.perSecond(LimitUnit.TOKENS)).hasValue(4000);
    }

    @Test
    void anUnconfiguredUnitIsEstimated() {
        assertThat(ConfiguredLimit.parse("10/s").perSecond(LimitUnit.TOKENS)).isEmpty();
        assertThat(ConfiguredLimit.parse("9 tokens/s").perSecond(LimitUnit.REQUESTS))
                .isEmpty();
        assertThat(ConfiguredLimit.UNKNOWN).hasToString("self-tuning");
    }

    @ParameterizedTest
    @ValueSource(strings = {"10/s,20/s", "10/s,600/min", "10/s,50/day", "1 tokens/s,2 tokens/s"})
    void aUnitThatIsLimitedTwiceIsRefused(String text) {
        assertThatThrownBy(() -> ConfiguredLimit.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + text + "'")
                .hasMessageContaining("twice; keep one");
    }

    @Test
    void noneIsNoLimit() {
        assertThat(ConfiguredLimit.parse("none").isNone()).isTrue();
        assertThat(ConfiguredLimit.parse("NONE")).isEqualTo(ConfiguredLimit.NONE);
        assertThat(ConfiguredLimit.UNKNOWN.isNone()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"10/s", "600/min", "none", "100/h", "50/day", "4000 tokens/s", "10/s,240000 tokens/min"})
    void isWrittenInTheFormThatIsParsed(String text) {
        assertThat(ConfiguredLimit.parse(text)).hasToString(text);
    }

    @Test
    void aLimitThatLetsNothingPassIsRefused() {
        assertThatThrownBy(() -> ConfiguredLimit.parse("0/s"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("limit '0/s' lets nothing pass; the least is 1/day");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "10",
                "-1/s",
                "1.5/s",
                "10/d",
                "10/hour",
                "10/",
                "/s",
                "s",
                "9999999999999/s",
                "10/s/s",
                "10/s,",
                "10 words/s"
            })
    void otherTextIsRefusedWithTheFormsThatAreUnderstood(String text) {
        assertThatThrownBy(() -> ConfiguredLimit.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + text + "'")
                .hasMessageContaining("10/s, 600/min, 100/h, 50/day, '10/s,4000 tokens/s'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1000001/s", "60000001/min", "999999999999/day", "100000001 tokens/s"})
    void anImpossiblyHighLimitIsRefusedWithARemedy(String text) {
        assertThatThrownBy(() -> ConfiguredLimit.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(text)
                .hasMessageContaining("say none");
    }

    @Test
    void aMinuteAnHourAndADayArePacedPerSecond() {
        assertThat(ConfiguredLimit.parse("600/min").perSecond(LimitUnit.REQUESTS))
                .hasValue(10);
        assertThat(ConfiguredLimit.parse("1/min").perSecond(LimitUnit.REQUESTS)).hasValue(1 / 60.0);
        assertThat(ConfiguredLimit.parse("90/h").perSecond(LimitUnit.REQUESTS)).hasValue(90 / 3_600.0);
        assertThat(ConfiguredLimit.parse("50/day").perSecond(LimitUnit.REQUESTS))
                .hasValue(50 / 86_400.0);
    }

    @Test
    void anEmptyAmountOrPeriodIsRefused() {
        assertThatThrownBy(() -> new Rate(0, Duration.ofSeconds(1))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Rate(1, Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Rate(1, Duration.ofSeconds(-1))).isInstanceOf(IllegalArgumentException.class);
    }
}
