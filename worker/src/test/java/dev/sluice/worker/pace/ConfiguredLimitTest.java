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
        "10 / s, 10, PT1S",
        "' 10/S ', 10, PT1S",
        "1000000/s, 1000000, PT1S",
        "60000000/min, 60000000, PT1M"
    })
    void requestsPerSecondAndPerMinuteAreUnderstood(String text, long requests, Duration period) {
        assertThat(ConfiguredLimit.parse(text)).isEqualTo(ConfiguredLimit.requests(new Rate(requests, period)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"10/s,4000 tokens/s", "4000 tokens/s, 10/s", "600/min,240000 token/min"})
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
    @ValueSource(strings = {"10/s,20/s", "10/s,600/min", "1 tokens/s,2 tokens/s"})
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
    @ValueSource(strings = {"10/s", "600/min", "none", "4000 tokens/s", "10/s,240000 tokens/min"})
    void isWrittenInTheFormThatIsParsed(String text) {
        assertThat(ConfiguredLimit.parse(text)).hasToString(text);
    }

    @Test
    void aLimitThatLetsNothingPassIsRefused() {
        assertThatThrownBy(() -> ConfiguredLimit.parse("0/s"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("limit '0/s' lets nothing pass; the least is 1/min");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "10",
                "-1/s",
                "1.5/s",
                "10/h",
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
                .hasMessageContaining("10/s, 600/min, '10/s,4000 tokens/s'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1000001/s", "60000001/min", "100000001 tokens/s"})
    void anImpossiblyHighLimitIsRefusedWithARemedy(String text) {
        assertThatThrownBy(() -> ConfiguredLimit.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(text)
                .hasMessageContaining("say none");
    }

    @Test
    void aMinuteIsPacedPerSecond() {
        assertThat(ConfiguredLimit.parse("600/min").perSecond(LimitUnit.REQUESTS))
                .hasValue(10);
        assertThat(ConfiguredLimit.parse("1/min").perSecond(LimitUnit.REQUESTS)).hasValue(1 / 60.0);
    }

    @Test
    void anEmptyAmountOrPeriodIsRefused() {
        assertThatThrownBy(() -> new Rate(0, Duration.ofSeconds(1))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Rate(1, Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Rate(1, Duration.ofSeconds(-1))).isInstanceOf(IllegalArgumentException.class);
    }
}
