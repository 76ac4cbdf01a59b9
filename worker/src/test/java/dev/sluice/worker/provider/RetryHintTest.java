package dev.sluice.worker.provider;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RetryHintTest {
    private static final long NOW = 1_800_000_000_000L;

    @ParameterizedTest
    @CsvSource({
        "x-ratelimit-reset, 2, 2000",
        "x-ratelimit-reset, 0.25, 250",
        "x-ratelimit-reset, ' 1.5 ', 1500",
        "retry-after, 30, 30000",
        "retry-after-ms, 750, 750",
        "retry-after-ms, 0.5, 0",
        "some-other, 5, 0"
    })
    void secondsAndMillisecondsAreReadAsDecimals(String header, String value, long millis) {
        assertThat(RetryHint.read(Map.of(header, value), NOW).toMillis()).isEqualTo(millis);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1800000005", "1800000005.0", "1800000005000"})
    void aPointInTimeIsConverted(String value) {
        for (String header : List.of("x-ratelimit-reset", "retry-after", "retry-after-ms")) {
            assertThat(RetryHint.read(Map.of(header, value), NOW)).as(header).isEqualTo(Duration.ofSeconds(5));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "soon",
                "1,5",
                "-1",
                "-0.0",
                "0",
                "NaN",
                "Infinity",
                "-Infinity",
                "1e400",
                "Wed, 21 Oct 2026 07:28:00 GMT",
                "1700000000",
                "1700000000000"
            })
    void invalidAndPastValuesAreIgnored(String value) {
        assertThat(RetryHint.read(Map.of("x-ratelimit-reset", value), NOW)).isZero();
        assertThat(RetryHint.read(Map.of("retry-after", value), NOW)).isZero();
        assertThat(RetryHint.read(Map.of("retry-after-ms", value), NOW)).isZero();
    }

    @Test
    void theLongestOfSeveralCounts() {
        Map<String, String> headers = Map.of("x-ratelimit-reset", "1", "retry-after", "3", "retry-after-ms", "2000");

        assertThat(RetryHint.read(headers, NOW)).isEqualTo(Duration.ofSeconds(3));
    }

    @Test
    void anInvalidHeaderDoesNotHideTheOthers() {
        Map<String, String> headers = Map.of("x-ratelimit-reset", "NaN", "retry-after", "3", "retry-after-ms", "x");

        assertThat(RetryHint.read(headers, NOW)).isEqualTo(Duration.ofSeconds(3));
    }

    @ParameterizedTest
    @ValueSource(strings = {"3601", "999999999", "1900000000", "1e300"})
    void moreThanAnHourIsNotBelieved(String value) {
        assertThat(RetryHint.read(Map.of("retry-after", value), NOW)).isEqualTo(RetryHint.MAX);
    }

    @Test
    void withoutHeadersThereIsNoHint() {
        assertThat(RetryHint.read(Map.of(), NOW)).isZero();
    }
}
