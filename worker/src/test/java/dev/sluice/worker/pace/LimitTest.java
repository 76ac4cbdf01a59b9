package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LimitTest {
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
        assertThat(Limit.parse(text)).isEqualTo(Limit.requests(new Rate(requests, period)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"10/s,4000 tokens/s", "4000 tokens/s, 10/s", "600/min,240000 token/min"})
    void tokensAreLimitedBesideRequests(String text) {
        Limit limit = Limit.parse(text);

        assertThat(limit.perSecond(Unit.REQUESTS)).hasValue(10);
        assertThat(limit.perSecond(Unit.TOKENS)).hasValue(4000);
    }

    @Test
    void whatIsNotSaidIsFoundOut() {
        assertThat(Limit.parse("10/s").perSecond(Unit.TOKENS)).isEmpty();
        assertThat(Limit.parse("9 tokens/s").perSecond(Unit.REQUESTS)).isEmpty();
        assertThat(Limit.UNKNOWN).hasToString("self-tuning");
    }

    @ParameterizedTest
    @ValueSource(strings = {"10/s,20/s", "10/s,600/min", "1 tokens/s,2 tokens/s"})
    void whatIsLimitedTwiceIsRefused(String text) {
        assertThatThrownBy(() -> Limit.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + text + "'")
                .hasMessageContaining("twice; keep one");
    }

    @Test
    void noneIsNoLimit() {
        assertThat(Limit.parse("none").isNone()).isTrue();
        assertThat(Limit.parse("NONE")).isEqualTo(Limit.NONE);
        assertThat(Limit.UNKNOWN.isNone()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"10/s", "600/min", "none", "4000 tokens/s", "10/s,240000 tokens/min"})
    void isWrittenAsItIsRead(String text) {
        assertThat(Limit.parse(text)).hasToString(text);
    }

    @Test
    void aLimitThatLetsNothingPassIsRefused() {
        assertThatThrownBy(() -> Limit.parse("0/s"))
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
    void anythingElseIsRefusedWithTheFormsThatAreUnderstood(String text) {
        assertThatThrownBy(() -> Limit.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + text + "'")
                .hasMessageContaining("10/s, 600/min, '10/s,4000 tokens/s'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1000001/s", "60000001/min", "100000001 tokens/s"})
    void aLimitThatIsNoneIsRefusedWithWhatToSayInstead(String text) {
        assertThatThrownBy(() -> Limit.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(text)
                .hasMessageContaining("say none");
    }

    @Test
    void aMinuteIsPacedPerSecond() {
        assertThat(Limit.parse("600/min").perSecond(Unit.REQUESTS)).hasValue(10);
        assertThat(Limit.parse("1/min").perSecond(Unit.REQUESTS)).hasValue(1 / 60.0);
    }

    @Test
    void nothingInAPeriodOrAPeriodOfNothingIsRefused() {
        assertThatThrownBy(() -> new Rate(0, Duration.ofSeconds(1))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Rate(1, Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Rate(1, Duration.ofSeconds(-1))).isInstanceOf(IllegalArgumentException.class);
    }
}
