package dev.sluice.worker.provider;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
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
                "Wednesday, 21-Oct-26 07:28:00 GMT",
                "Wed Oct 21 07:28:00 2026",
                "0s",
                "0h0m0s",
                "-5s",
                "5 s",
                "5s3m",
                "1m30",
                "s",
                "ms",
                "5x",
                "1,5s",
                "12345678901s",
                "P5S",
                "PT5S",
                "Fri, 32 Jan 2027 08:00:20 GMT",
                "Mon, 15 Jan 2027 08:00:20 GMT",
                "Fri, 15 Jan 2027",
                "2027-01-15T08:00:20Z",
                "1700000000",
                "1700000000000"
            })
    void invalidAndPastValuesAreIgnored(String value) {
        assertThat(RetryHint.read(Map.of("x-ratelimit-reset", value), NOW)).isZero();
        assertThat(RetryHint.read(Map.of("retry-after", value), NOW)).isZero();
        assertThat(RetryHint.read(Map.of("retry-after-ms", value), NOW)).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "20s, 20000",
        "6m0s, 360000",
        "120ms, 120",
        "1m30s, 90000",
        "1h, 3600000",
        "0h2m, 120000",
        "7.66s, 7660",
        "1m0.5s, 60500",
        "1s120ms, 1120",
        "5m, 300000",
        "' 20s ', 20000",
        "1h30m, 3600000",
        "1d, 3600000"
    })
    void aDurationWithUnitsIsReadInAnyHeader(String value, long millis) {
        for (String header : List.of("x-ratelimit-reset", "retry-after", "retry-after-ms")) {
            assertThat(RetryHint.read(Map.of(header, value), NOW)).as(header).isEqualTo(Duration.ofMillis(millis));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Fri, 15 Jan 2027 08:00:20 GMT",
                "fri, 15 jan 2027 08:00:20 gmt",
                " Fri, 15 Jan 2027 08:00:20 GMT ",
                "Friday, 15-Jan-27 08:00:20 GMT",
                "Fri Jan 15 08:00:20 2027"
            })
    void eachFormOfAnHttpDateIsAPointInTime(String value) {
        assertThat(RetryHint.read(Map.of("retry-after", value), NOW)).isEqualTo(Duration.ofSeconds(20));
    }

    @Test
    void anHttpDateMayHaveADayOfOneDigit() {
        long now = Instant.parse("2027-01-06T08:00:00Z").toEpochMilli();

        for (String value : List.of(
                "Wed, 06 Jan 2027 08:00:05 GMT", "Wednesday, 06-Jan-27 08:00:05 GMT", "Wed Jan  6 08:00:05 2027")) {
            assertThat(RetryHint.read(Map.of("retry-after", value), now))
                    .as(value)
                    .isEqualTo(Duration.ofSeconds(5));
        }
    }

    @ParameterizedTest
    @CsvSource({"'Sunday, 06-Nov-94 08:49:37 GMT', 0", "'Thursday, 14-Jan-77 08:00:00 GMT', 3600"})
    void aYearOfTwoDigitsIsAtMostFiftyYearsAhead(String value, long seconds) {
        assertThat(RetryHint.read(Map.of("retry-after", value), NOW)).isEqualTo(Duration.ofSeconds(seconds));
    }

    @Test
    void aLongTextIsIgnored() {
        for (String value : List.of("1".repeat(100_000) + "s", "Fri, " + " ".repeat(100_000) + "15 Jan 2027")) {
            assertThat(RetryHint.read(Map.of("retry-after", value), NOW)).isZero();
        }
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
    @ValueSource(strings = {"3601", "999999999", "1900000000", "1e300", "61m", "Fri, 15 Jan 2027 09:00:01 GMT"})
    void moreThanAnHourIsNotBelieved(String value) {
        assertThat(RetryHint.read(Map.of("retry-after", value), NOW)).isEqualTo(RetryHint.MAX);
    }

    @Test
    void withoutHeadersThereIsNoHint() {
        assertThat(RetryHint.read(Map.of(), NOW)).isZero();
    }
}
