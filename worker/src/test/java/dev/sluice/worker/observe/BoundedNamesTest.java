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
        String name = "n".repeat(BoundedNames.MAX_LENGTH);

        assertThat(names.of(name)).isEqualTo(name);
        String longer = names.of(name + "x".repeat(1 << 20));
        assertThat(longer).hasSize(BoundedNames.MAX_LENGTH).startsWith("nnn").isNotEqualTo(name);
        assertThat(names.of(name + "y")).hasSize(BoundedNames.MAX_LENGTH).isNotEqualTo(longer);
        assertThat(names.of(name + "z")).as("three places are taken").isEqualTo("other");
    }

    @Test
    void keepsNothingThatCannotBePrinted() {
        assertThat(BoundedNames.label("a\n\u0000\u202e\u2028b")).matches("a\\?\\?\\?\\?b~[0-9a-f]{8}");
        assertThat(BoundedNames.label("a\n")).isNotEqualTo(BoundedNames.label("a\r"));
        assertThat(BoundedNames.label("\"\\ä中😀")).isEqualTo("\"\\ä中😀");
        assertThat(BoundedNames.label("x".repeat(BoundedNames.MAX_LENGTH - 10) + "😀".repeat(9)))
                .hasSizeLessThanOrEqualTo(BoundedNames.MAX_LENGTH)
                .matches(label -> label.chars().noneMatch(c -> Character.isSurrogate((char) c)));
    }

    @Test
    void aNameThatIsTheWordForAllTheRestIsAnother() {
        assertThat(BoundedNames.label("other")).startsWith("other~");
    }
}
