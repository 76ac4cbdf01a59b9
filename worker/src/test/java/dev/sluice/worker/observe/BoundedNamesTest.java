package dev.sluice.worker.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BoundedNamesTest {
    private final BoundedNames names = new BoundedNames(3);

    @Test
    void tellsTheFirstOnesApartAndCallsTheRestOther() {
        assertThat(IntStream.range(0, 6).mapToObj(i -> names.of("n" + i)))
                .containsExactly("n0", "n1", "n2", "other", "other", "other");
        assertThat(names.of("n1")).isEqualTo("n1");
        assertThat(names.of("n5")).isEqualTo("other");
    }

    @Test
    void cutsLongOnes() {
        String name = "n".repeat(BoundedNames.LONGEST);

        assertThat(names.of(name)).isEqualTo(name);
        assertThat(names.of(name + "x".repeat(1 << 20))).isEqualTo(name);
        assertThat(names.of("b")).isEqualTo("b");
        assertThat(names.of("c")).isEqualTo("c");
    }

    @Test
    void keepsNothingThatCannotBePrinted() {
        assertThat(BoundedNames.label("a\n\u0000\u202e\u2028b")).isEqualTo("a????b");
        assertThat(BoundedNames.label("\"\\ä中😀")).isEqualTo("\"\\ä中😀");
        assertThat(BoundedNames.label("x".repeat(BoundedNames.LONGEST - 1) + "😀"))
                .endsWith("x?");
    }
}
