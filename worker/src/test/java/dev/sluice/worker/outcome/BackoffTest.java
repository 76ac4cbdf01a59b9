package dev.sluice.worker.outcome;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BackoffTest {
    @ParameterizedTest
    @CsvSource({"0, 1000", "1, 2000", "2, 4000", "5, 32000", "6, 60000", "7, 60000", "64, 60000", "2147483647, 60000"})
    void theCeilingDoublesUpToTheCap(int before, long ceiling) {
        Backoff almostAll = new Backoff(() -> Math.nextDown(1.0));

        assertThat(almostAll.millis(before)).isBetween(ceiling - 1, ceiling);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 31, 32, 63, Integer.MAX_VALUE})
    void theFloorIsZero(int before) {
        assertThat(new Backoff(() -> 0).millis(before)).isZero();
    }

    @Test
    void theWholeRangeIsUsedEvenly() {
        Backoff backoff = new Backoff(new Random(7)::nextDouble);

        Long[] quarters = {0L, 0L, 0L, 0L};
        for (int i = 0; i < 10_000; i++) {
            quarters[(int) (backoff.millis(2) / 1000)]++;
        }

        assertThat(quarters).allSatisfy(count -> assertThat(count).isBetween(2_300L, 2_700L));
    }

    @ParameterizedTest
    @CsvSource({"0, 10000", "1, 30000", "2, 90000", "3, 270000", "4, 600000", "5, 600000", "2147483647, 600000"})
    void aCostlyDelayTriplesUpToItsCapAndIsAtLeastHalfOfIt(int before, long ceiling) {
        assertThat(new Backoff(() -> Math.nextDown(1.0)).costlyMillis(before)).isBetween(ceiling - 1, ceiling);
        assertThat(new Backoff(() -> 0).costlyMillis(before)).isEqualTo(ceiling / 2);
        assertThat(new Backoff(() -> 0.5).costlyMillis(before)).isEqualTo(ceiling * 3 / 4);
    }

    @Test
    void fifteenCostlyDelaysTakeAboutAnHourAtLeast() {
        Backoff shortest = new Backoff(() -> 0);

        long sum = 0;
        for (int i = 0; i < 15; i++) {
            sum += shortest.costlyMillis(i);
        }

        assertThat(sum).isBetween(3_000_000L, 7_200_000L);
    }
}
