package dev.sluice.worker.cli.options;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SuggestionTest {
    private static final List<String> KNOWN =
            List.of("call-timeout", "drain-timeout", "limit", "max-in-flight", "group");

    @ParameterizedTest
    @CsvSource({
        "call-timout, call-timeout",
        "max-inflight, max-in-flight",
        "limits, limit",
        "gruop, group",
        "in-flight, max-in-flight"
    })
    void findsTheNearest(String typed, String meant) {
        assertThat(Suggestion.of(typed, KNOWN)).isEqualTo("; did you mean " + meant + "?");
    }

    @ParameterizedTest
    @CsvSource({"retention", "x", "zzzzzzzzzz"})
    void saysNothingWhereNoneIsNear(String typed) {
        assertThat(Suggestion.of(typed, KNOWN)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"'', abc, 3", "kitten, sitting, 3", "abc, abc, 0", "abc, '', 3"})
    void distanceCountsSingleEdits(String left, String right, int expected) {
        assertThat(Suggestion.distance(left, right)).isEqualTo(expected);
    }
}
