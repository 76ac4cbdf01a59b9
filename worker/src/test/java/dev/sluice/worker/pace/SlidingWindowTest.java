package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SlidingWindowTest {
    private static final long MILLI = 1_000_000;
    private static final long SPAN = 1_000 * MILLI;
    private static final int OPERATIONS = 600;

    private final VirtualTime time = new VirtualTime();
    private final ConnectingCalls departures = new ConnectingCalls(time);
    private final SlidingWindow window = new SlidingWindow(SPAN);

    /** All that was ever spent: the plain model. */
    private final List<Call> all = new ArrayList<>();

    private record Call(Charge spend, ConnectingCalls.Departure departure) {}

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void holdsWhatAPlainListOfEverythingHolds(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < OPERATIONS; i++) {
            time.passNanos(MILLI * (random.nextInt(10) == 0 ? random.nextInt(1_500) : random.nextInt(60)));
            operate(random);

            long now = now();
            assertThat(window.sum(now)).isEqualTo(sumAfter(0));
            assertThat(window.calls(now)).isEqualTo(inside(0).size());
            long most = random.nextInt(300);
            assertThat(window.nanosTo(most, now)).isEqualTo(waitFor(most));
            long from = now - random.nextInt(3_000) * MILLI;
            long to = from + random.nextInt(3_000) * MILLI;
            assertThat(window.between(from, to)).isEqualTo(between(from, to));
        }
    }

    @Test
    void aCallCountsUntilASpanAfterItHasLeft() {
        Call call = spend(1);
        time.passNanos(30 * MILLI);
        call.departure().run();

        time.passNanos(SPAN - 1);
        assertThat(window.sum(now())).isEqualTo(1);
        time.passNanos(1);
        assertThat(window.sum(now())).isZero();
    }

    @Test
    void forgetsThoughNobodyAsks() {
        for (int i = 0; i < 1_000; i++) {
            time.passNanos(100 * MILLI);
            spend(1).departure().run();
        }

        assertThat(window.between(0, now() + 1)).as("the last three seconds").isBetween(25L, 40L);
    }

    @Test
    void whatWasAskedForCountsThoughItWasRefused() {
        window.correct(spend(3).spend(), 0);
        window.correct(spend(4).spend(), 5);

        assertThat(window.asked(now())).isEqualTo(7);
        assertThat(window.sum(now())).isEqualTo(5);
    }

    private void operate(Random random) {
        if (random.nextInt(4) > 0 || all.isEmpty()) {
            all.add(spend(1 + random.nextInt(50)));
        } else if (random.nextBoolean()) {
            window.correct(lately(random).spend(), random.nextInt(3) == 0 ? 0 : random.nextInt(80));
        }
        lately(random).departure().run();
    }

    private Call lately(Random random) {
        return all.get(Math.max(0, all.size() - 1 - random.nextInt(30)));
    }

    private Call spend(long amount) {
        ConnectingCalls.Departure departure = departures.add(now());
        Charge spend = new Charge(now(), departure, amount);
        window.add(spend);
        return new Call(spend, departure);
    }

    private long now() {
        return time.currentTimeNanos();
    }

    /**
     * What is still inside after a wait in which nothing leaves: in the order of sending, each as long as those before.
     */
    private List<Call> inside(long wait) {
        int out = 0;
        while (out < all.size() && now() + wait - all.get(out).spend().leftAt(now()) >= SPAN) {
            out++;
        }
        return all.subList(out, all.size());
    }

    private long sumAfter(long wait) {
        return inside(wait).stream().mapToLong(call -> call.spend().amount()).sum();
    }

    private long between(long from, long to) {
        return all.stream()
                .map(Call::spend)
                .filter(spend -> spend.at() > from && spend.at() < to)
                .mapToLong(Charge::amount)
                .sum();
    }

    /** Tried at every moment at which something leaves. */
    private long waitFor(long most) {
        if (sumAfter(0) <= most) {
            return 0;
        }
        return all.stream()
                .mapToLong(call -> call.spend().leftAt(now()) + SPAN - now())
                .filter(wait -> wait > 0 && sumAfter(wait) <= most)
                .min()
                .orElseThrow();
    }
}
