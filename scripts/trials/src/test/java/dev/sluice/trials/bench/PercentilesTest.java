package dev.sluice.trials.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class PercentilesTest {
    @Test
    void everyPercentileIsAMeasuredValue() {
        Percentiles hundred = Percentiles.of(LongStream.rangeClosed(1, 100).map(value -> 101 - value));

        assertThat(hundred.at(50)).isEqualTo(50);
        assertThat(hundred.at(99)).isEqualTo(99);
        assertThat(hundred.at(100)).isEqualTo(100);
        assertThat(hundred.at(0)).isEqualTo(1);
    }

    @Test
    void percentilesOfFewValuesRoundUp() {
        Percentiles three = Percentiles.of(LongStream.of(10, 30, 20));

        assertThat(three.at(50)).isEqualTo(20);
        assertThat(three.at(99)).isEqualTo(30);
        assertThat(three.summary()).containsEntry("count", 3L).containsEntry("max", 30L);
    }

    @Test
    void withoutValuesThereIsOnlyTheCount() {
        Percentiles nothing = Percentiles.of(LongStream.empty());

        assertThat(nothing.summary()).containsOnlyKeys("count");
        assertThatThrownBy(() -> nothing.at(99)).isInstanceOf(IllegalStateException.class);
    }
}
