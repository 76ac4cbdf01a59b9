package dev.sluice.worker.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationsTest {
    @ParameterizedTest
    @CsvSource({
        "25s, PT25S",
        "500ms, PT0.5S",
        "5m, PT5M",
        "1h, PT1H",
        "7d, PT168H",
        "1h30m, PT1H30M",
        "1s500ms, PT1.5S",
        "PT25S, PT25S",
        "P1D, PT24H",
        "pt25s, PT25S",
        "' 90S ', PT1M30S",
        "0s, PT0S"
    })
    void readsBothForms(String text, Duration expected) {
        assertThat(Durations.parse(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "25", "s", "25 s", "1m2h", "-5s", "abc", "1e3s", "99999999999s"})
    void refusesAnyOtherTextAndNamesTheForms(String text) {
        assertThatThrownBy(() -> Durations.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + text + "'")
                .hasMessageContaining(Durations.FORMS);
    }

    @ParameterizedTest
    @CsvSource({"PT168H, 7d", "PT1H30M, 1h30m", "PT0.25S, 250ms", "PT0S, 0s", "PT90S, 1m30s"})
    void formatsInTheShortForm(Duration duration, String expected) {
        assertThat(Durations.format(duration)).isEqualTo(expected);
    }

    @Test
    void readsWhatItHasFormatted() {
        for (long millis = 1; millis < 1_000_000_000_000L; millis = millis * 7 + 3) {
            Duration duration = Duration.ofMillis(millis);

            assertThat(Durations.parse(Durations.format(duration))).isEqualTo(duration);
        }
    }
}
