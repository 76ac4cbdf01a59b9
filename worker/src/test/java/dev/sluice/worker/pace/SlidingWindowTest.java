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
    private final ConnectingCalls connectingCalls = new ConnectingCalls(time);
    private final SlidingWindow window = new SlidingWindow(SPAN);

    /** Every call ever made, which is the plain model. */
    private final List<Call> all = new ArrayList<>();

    private record Call(Charge charge, ConnectingCalls.ConnectingCall connecting) {}

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void agreesWithAPlainListOfAllCalls(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < OPERATIONS; i++) {
            time.passNanos(MILLI * (random.nextInt(10) == 0 ? random.nextInt(1_500) : random.nextInt(60)));
            operate(random);

            long now = now();
            assertThat(window.sum(now)).isEqualTo(sumAfter(0));
            assertThat(window.calls(now)).isEqualTo(inside(0).size());
            long max = random.nextInt(300);
            assertThat(window.nanosUntil(max, now)).isEqualTo(waitFor(max));
            long from = now - random.nextInt(3_000) * MILLI;
            long to = from + random.nextInt(3_000) * MILLI;
            assertThat(window.sumBetween(from, to)).isEqualTo(sumBetween(from, to));
        }
    }

    @Test
    void aCallCountsUntilOneSpanAfterItWasSent() {
        Call call = spend(1);
        time.passNanos(30 * MILLI);
        call.connecting().run();

        time.passNanos(SPAN - 1);
        assertThat(window.sum(now())).isEqualTo(1);
        time.passNanos(1);
        assertThat(window.sum(now())).isZero();
    }

    @Test
    void forgetsEvenIfNobodyAsks() {
        for (int i = 0; i < 1_000; i++) {
            time.passNanos(100 * MILLI);
            spend(1).connecting().run();
        }

        assertThat(window.sumBetween(0, now() + 1)).as("what is remembered").isBetween(60L, 140L);
    }

    @Test
    void theExpectedAmountCountsEvenIfTheCallWasRejected() {
        window.correct(spend(3).charge(), 0);
        window.correct(spend(4).charge(), 5);

        assertThat(window.expected(now())).isEqualTo(7);
        assertThat(window.sum(now())).isEqualTo(5);
    }

    @Test
    void whatIsAddedToACallCountsFromThenOnAndIsNoCall() {
        Call call = spend(10);
        call.connecting().run();
        time.passNanos(SPAN / 2);
        window.add(call.charge().grow(now(), 5));

        assertThat(window.calls(now())).isEqualTo(1);
        assertThat(window.sum(now())).isEqualTo(15);

        time.passNanos(SPAN / 2);
        assertThat(window.calls(now())).isZero();
        assertThat(window.sum(now())).isEqualTo(5);
    }

    private void operate(Random random) {
        if (random.nextInt(4) > 0 || all.isEmpty()) {
            all.add(spend(1 + random.nextInt(50)));
        } else if (random.nextBoolean()) {
            window.correct(lately(random).charge(), random.nextInt(3) == 0 ? 0 : random.nextInt(80));
        }
        lately(random).connecting().run();
    }

    private Call lately(Random random) {
        return all.get(Math.max(0, all.size() - 1 - random.nextInt(30)));
    }

    private Call spend(long amount) {
        ConnectingCalls.ConnectingCall connecting = connectingCalls.add(now());
        Charge charge = new Charge(now(), connecting, amount);
        window.add(charge);
        return new Call(charge, connecting);
    }

    private long now() {
        return time.currentTimeNanos();
    }

    /**
     * Returns the calls inside the span after a wait. A call stays at least as long as those that started before it.
     */
    private List<Call> inside(long wait) {
        int out = 0;
        while (out < all.size() && now() + wait - all.get(out).charge().sentAt(now()) >= SPAN) {
            out++;
        }
        return all.subList(out, all.size());
    }

    private long sumAfter(long wait) {
        return inside(wait).stream().mapToLong(call -> call.charge().amount()).sum();
    }

    private long sumBetween(long from, long to) {
        return all.stream()
                .map(Call::charge)
                .filter(charge -> charge.startedAt() > from && charge.startedAt() < to)
                .mapToLong(Charge::amount)
                .sum();
    }

    /** Tries every moment at which a call leaves the span. */
    private long waitFor(long max) {
        if (sumAfter(0) <= max) {
            return 0;
        }
        return all.stream()
                .mapToLong(call -> call.charge().sentAt(now()) + SPAN - now())
                .filter(wait -> wait > 0 && sumAfter(wait) <= max)
                .min()
                .orElseThrow();
    }
}
