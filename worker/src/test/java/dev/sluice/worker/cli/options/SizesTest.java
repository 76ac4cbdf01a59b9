package dev.sluice.worker.cli.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SizesTest {
    @ParameterizedTest
    @CsvSource({"64MiB, 67108864", "512KiB, 524288", "1gib, 1073741824", "100, 100", "100B, 100", "2 MiB, 2097152"})
    void readsBinaryUnitsAndPlainBytes(String text, long expected) {
        assertThat(Sizes.parse(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "MiB", "64MB", "-1", "1.5MiB", "999999999999GiB"})
    void refusesAnyOtherTextAndNamesTheForms(String text) {
        assertThatThrownBy(() -> Sizes.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + text + "'")
                .hasMessageContaining(Sizes.FORMS);
    }

    @ParameterizedTest
    @CsvSource({"67108864, 64MiB", "1048588, 1048588", "1073741824, 1GiB", "2048, 2KiB", "0, 0"})
    void formatsInTheLargestUnitThatGivesAWholeNumber(long bytes, String expected) {
        assertThat(Sizes.format(bytes)).isEqualTo(expected);
    }
}
