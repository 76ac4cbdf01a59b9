package dev.sluice.worker.settle;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Compares random operations with {@link PlainWindow}, a model too plain to be wrong. */
class AckWindowPropertyTest {
    @Test
    void everyRecordOfAShortLogEndsOnce() {
        for (int seed = 0; seed < 400; seed++) {
            run(seed, 150, 120);
        }
    }

    @Test
    void everyRecordOfALongLogEndsOnce() {
        for (int seed = 0; seed < 12; seed++) {
            run(seed, 12_000, 120);
        }
    }

    private static void run(long seed, int offsets, int operations) {
        Random random = new Random(seed);
        PlainWindow model = new PlainWindow(random, offsets);
        try {
            for (int i = 0; i < operations; i++) {
                operate(random, model, offsets / 20);
                model.check();
            }
            model.drain();
        } catch (AssertionError | RuntimeException failure) {
            throw new AssertionError(
                    "seed " + seed + ", " + offsets + " offsets, " + operations + " operations", failure);
        }
        assertThat(model.everyRecordEnded()).as("seed %d", seed).isTrue();
    }

    private static void operate(Random random, PlainWindow model, int atMost) {
        switch (random.nextInt(24)) {
            case 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 -> model.registerSome(random.nextInt(atMost));
            case 10, 11 -> model.reachSomewhere();
            case 12, 13, 14, 15, 16, 17 -> model.stageSome();
            case 18, 19, 20 -> model.commit();
            case 21 -> model.abort();
            case 22 -> model.deleteAhead(random.nextInt(10));
            default -> model.crash();
        }
    }
}
