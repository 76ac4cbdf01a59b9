package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpendWindowTest {
    private static final long SPAN = 1_000;
    private static final int OPERATIONS = 600;

    /** All that was ever spent: the plain model. */
    private final List<Spend> all = new ArrayList<>();

    private final SpendWindow window = new SpendWindow(SPAN);
    private long now = 50_000;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void holdsWhatAPlainListOfEverythingHolds(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < OPERATIONS; i++) {
            now += random.nextInt(10) == 0 ? random.nextInt(1_500) : random.nextInt(60);
            operate(random);

            assertThat(window.sum(now)).isEqualTo(since(now - SPAN));
            assertThat(window.calls(now))
                    .isEqualTo((int) all.stream().filter(this::isInside).count());
            long most = random.nextInt(300);
            assertThat(window.nanosTo(most, now)).isEqualTo(waitFor(most));
            long from = now - random.nextInt(3_000);
            long to = from + random.nextInt(3_000);
            assertThat(window.between(from, to)).isEqualTo(between(from, to));
        }
    }

    @Test
    void forgetsThoughNobodyAsks() {
        for (int i = 0; i < 1_000; i++) {
            now += 100_000_000;
            window.add(new Spend(now, 1));
        }

        assertThat(window.between(0, now + 1)).as("the last three seconds").isBetween(25L, 40L);
    }

    private void operate(Random random) {
        if (random.nextInt(4) > 0 || all.isEmpty()) {
            Spend spend = new Spend(now, 1 + random.nextInt(50));
            all.add(spend);
            window.add(spend);
        } else {
            Spend any = all.get(Math.max(0, all.size() - 1 - random.nextInt(30)));
            window.correct(any, random.nextInt(3) == 0 ? 0 : random.nextInt(80));
        }
    }

    private boolean isInside(Spend spend) {
        return now - spend.at() < SPAN;
    }

    private long since(long from) {
        return all.stream()
                .filter(spend -> spend.at() > from)
                .mapToLong(Spend::amount)
                .sum();
    }

    private long between(long from, long to) {
        return all.stream()
                .filter(spend -> spend.at() > from && spend.at() < to)
                .mapToLong(Spend::amount)
                .sum();
    }

    /** Tried at every moment at which something leaves. */
    private long waitFor(long most) {
        return LongStream.concat(
                        LongStream.of(0),
                        all.stream().mapToLong(spend -> spend.at() + SPAN - now).filter(wait -> wait > 0))
                .filter(wait -> since(now + wait - SPAN) <= most)
                .min()
                .orElseThrow();
    }
}
