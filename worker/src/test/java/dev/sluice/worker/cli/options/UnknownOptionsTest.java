package dev.sluice.worker.cli.options;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnknownOptionsTest {
    private static final Set<String> KNOWN = Set.of("call-timeout", "drain-timeout", "limit", "max-in-flight", "group");

    @ParameterizedTest
    @CsvSource({
        "call-timout, call-timeout",
        "max-inflight, max-in-flight",
        "limits, limit",
        "gruop, group",
        "in-flight, max-in-flight"
    })
    void theMostSimilarNameIsSuggested(String typed, String meant) {
        assertThat(UnknownOptions.hint(typed, KNOWN)).isEqualTo("; did you mean " + meant + "?");
    }

    @ParameterizedTest
    @CsvSource({"sasl", "x", "zzzzzzzzzz"})
    void nothingIsSuggestedForAWordThatResemblesNoName(String typed) {
        assertThat(UnknownOptions.hint(typed, KNOWN)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"api-key", "SLUICE_API_KEY", "TOGETHER-API-KEY"})
    void anApiKeyIsAnsweredWithThePlaceWhereItBelongs(String typed) {
        assertThat(UnknownOptions.hint(typed, KNOWN)).contains("TOGETHER_API_KEY", "--api-key-file");
    }
}
