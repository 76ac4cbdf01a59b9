package dev.sluice.worker.provider;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdvertisedLimitsTest {
    /** OpenAI sends two limits for a minute. */
    @Test
    void openAisLimitsAreForAMinute() {
        AdvertisedLimits limits = AdvertisedLimits.read(Map.of(
                "x-ratelimit-limit-requests", "500",
                "x-ratelimit-remaining-requests", "499",
                "x-ratelimit-reset-requests", "120ms",
                "x-ratelimit-limit-tokens", "30000",
                "x-ratelimit-remaining-tokens", "29964",
                "x-ratelimit-reset-tokens", "72ms"));

        assertThat(limits).isEqualTo(new AdvertisedLimits(OptionalDouble.of(500 / 60.0), OptionalDouble.of(500)));
    }

    /** Groq counts requests for a day and tokens for a minute. */
    @Test
    void groqsRequestsOfADayAreNoPace() {
        AdvertisedLimits limits = AdvertisedLimits.read(Map.of(
                "x-ratelimit-limit-requests", "14400",
                "x-ratelimit-remaining-requests", "14370",
                "x-ratelimit-reset-requests", "2m59.56s",
                "x-ratelimit-limit-tokens", "6000",
                "x-ratelimit-remaining-tokens", "5884",
                "x-ratelimit-reset-tokens", "1.16s"));

        assertThat(limits).isEqualTo(new AdvertisedLimits(OptionalDouble.empty(), OptionalDouble.of(100)));
    }

    @ParameterizedTest(name = "{0}, {1} left, all back after {2}")
    @CsvSource({
        "60, 59, 1s, 1",
        "3, 2, 20s, 0.05",
        "60, 0, 1m0s, 1",
        "30000, 29999, 2ms, 500",
        "50000, 49999, 1ms, 833.3333333333334"
    })
    void aLimitForAMinuteIsTaken(String limit, String remaining, String reset, double perSecond) {
        assertThat(requests(limit, remaining, reset)).hasValue(perSecond);
    }

    @ParameterizedTest(name = "{0}, {1} left, all back after {2}")
    @CsvSource({
        "60, 60, 0s", // nothing is used, so nothing follows
        "60, 59, 60", // a counter that begins again all at once may be one of an hour
        "60, 30, 1764576000",
        "1000, 999, 3.6s",
        "200, 199, 7m12s",
        "0, 0, 1m0s",
        "60, 61, 1s",
        "60, -1, 1s",
        "60, many, 1s",
        "many, 59, 1s",
        "60, 59, soon",
        "1e400, 59, 1s",
        "60, 59, 1s1s",
        "60, 59, ''"
    })
    void whatIsNoLimitForAMinuteIsNotTaken(String limit, String remaining, String reset) {
        assertThat(requests(limit, remaining, reset)).isEmpty();
    }

    @Test
    void limitsPerSecondWin() {
        AdvertisedLimits limits = AdvertisedLimits.read(Map.of(
                "x-ratelimit-limit", "10",
                "x-ratelimit-limit-requests", "60",
                "x-ratelimit-remaining-requests", "59",
                "x-ratelimit-reset-requests", "1s"));

        assertThat(limits.requests()).hasValue(10);
    }

    /** Fireworks counts tokens of prompts and of answers apart, which is no limit of ours. */
    @Test
    void otherHeadersAreIgnored() {
        assertThat(AdvertisedLimits.read(Map.of(
                        "x-ratelimit-limit-requests", "60",
                        "x-ratelimit-limit-tokens-prompt", "60000",
                        "x-ratelimit-limit-tokens-generated", "600",
                        "x-ratelimit-remaining-tokens-generated", "599")))
                .isEqualTo(AdvertisedLimits.NONE);
    }

    private static OptionalDouble requests(String limit, String remaining, String reset) {
        return AdvertisedLimits.read(Map.of(
                        "x-ratelimit-limit-requests", limit,
                        "x-ratelimit-remaining-requests", remaining,
                        "x-ratelimit-reset-requests", reset))
                .requests();
    }
}
