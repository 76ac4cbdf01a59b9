package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class RateMeterTest {
    private static final long SECOND = 1_000_000_000L;

    /** Keeps every admitted call. It is slow and obviously right. */
    private static final class PlainWindow {
        private record Admitted(long at, long amount) {}

        private final List<Admitted> all = new ArrayList<>();

        long sum(long now) {
            return all.stream()
                    .filter(admitted -> now - admitted.at() < SECOND)
                    .mapToLong(Admitted::amount)
                    .sum();
        }

        boolean admits(long now, long amount, long units) {
            return sum(now) == 0 || sum(now) + amount <= units;
        }

        long wait(long now, long amount, long units) {
            return all.stream()
                            .mapToLong(admitted -> admitted.at() + SECOND)
                            .filter(free -> free >= now && admits(free, amount, units))
                            .min()
                            .orElseThrow()
                    - now;
        }
    }

    @RepeatedTest(50)
    void slidingWindowAgreesWithThePlainModel(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        RateMeter meter = RateMeter.of(RateLimitKind.SLIDING_WINDOW);
        PlainWindow model = new PlainWindow();
        long now = random.nextLong(SECOND);
        long units = 1L + random.nextInt(20);

        for (int i = 0; i < 400; i++) {
            now += random.nextLong(SECOND / 10);
            units = random.nextInt(50) == 0 ? 1L + random.nextInt(20) : units;
            long amount = 1L + random.nextInt(random.nextInt(10) == 0 ? 30 : 4);
            RateAllowance allowance = new RateAllowance(units, SECOND);
            boolean admitted = model.admits(now, amount, units);
            assertThat(meter.waitNanos(now, amount, allowance))
                    .isEqualTo(admitted ? 0 : model.wait(now, amount, units));
            assertThat(meter.remaining(now, allowance)).isEqualTo(Math.max(0, units - model.sum(now)));
            if (admitted) {
                meter.charge(now, amount, allowance);
                model.all.add(new PlainWindow.Admitted(now, amount));
            }
        }
    }

    @Test
    void tokenBucketAdmitsItsBurstAndThenItsRate() {
        TokenBucketMeter bucket = new TokenBucketMeter();
        RateAllowance tenASecondBurstOfThirty = RateAllowance.of("rate", 10, Duration.ofSeconds(3));

        int admitted = 0;
        for (long now = 0; now < 10 * SECOND; now += SECOND / 1000) {
            if (bucket.waitNanos(now, 1, tenASecondBurstOfThirty) == 0) {
                bucket.charge(now, 1, tenASecondBurstOfThirty);
                admitted++;
            }
        }

        assertThat(admitted).isEqualTo(30 + 99);
    }

    @RepeatedTest(20)
    void tokenBucketHasRoomExactlyAfterItsWait(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        TokenBucketMeter bucket = new TokenBucketMeter();
        long now = 0;

        for (int i = 0; i < 300; i++) {
            RateAllowance allowance = new RateAllowance(1 + random.nextInt(50), 1 + random.nextLong(2 * SECOND));
            long amount = 1L + random.nextInt(60);
            long wait = bucket.waitNanos(now, amount, allowance);
            if (wait > 0) {
                assertThat(bucket.waitNanos(now + wait - 1, amount, allowance)).isEqualTo(1);
            }
            now += wait;
            assertThat(bucket.waitNanos(now, amount, allowance)).isZero();
            bucket.charge(now, amount, allowance);
        }
    }

    @Test
    void tokenBucketKeepsItsUnitsWhenTheRateChanges() {
        TokenBucketMeter bucket = new TokenBucketMeter();
        bucket.charge(0, 8, new RateAllowance(10, SECOND));

        assertThat(bucket.remaining(0, new RateAllowance(100, SECOND))).isEqualTo(2);
        assertThat(bucket.remaining(0, new RateAllowance(1, SECOND))).isEqualTo(1);
    }

    @Test
    void fixedWindowAdmitsTwiceItsRateAroundABoundary() {
        FixedWindowMeter window = new FixedWindowMeter();
        RateAllowance ten = new RateAllowance(10, SECOND);

        long before = SECOND - 1;
        window.charge(before, 10, ten);
        assertThat(window.waitNanos(before, 1, ten)).isEqualTo(1);
        assertThat(window.remaining(before, ten)).isZero();

        assertThat(window.remaining(SECOND, ten)).isEqualTo(10);
        window.charge(SECOND, 10, ten);
        assertThat(window.waitNanos(SECOND, 1, ten)).isEqualTo(SECOND);
    }

    @Test
    void aCallLargerThanAWindowPassesOnlyIfTheWindowIsEmpty() {
        RateAllowance ten = new RateAllowance(10, SECOND);

        for (RateLimitKind kind : RateLimitKind.values()) {
            RateMeter meter = RateMeter.of(kind);
            assertThat(meter.waitNanos(0, 25, ten)).as("%s, empty", kind).isZero();
            meter.charge(0, 25, ten);
            assertThat(meter.waitNanos(1, 1, ten)).as("%s, in debt", kind).isPositive();
            assertThat(meter.remaining(1, ten)).isZero();
        }
    }

    @Test
    void aFractionalRateKeepsItsAverage() {
        assertThat(RateAllowance.of("rate", 5, Duration.ofSeconds(1))).isEqualTo(new RateAllowance(5, SECOND));
        assertThat(RateAllowance.of("rate", 2.5, Duration.ofSeconds(1))).isEqualTo(new RateAllowance(3, 1_200_000_000));
        assertThat(RateAllowance.of("rate", 0.5, Duration.ofSeconds(1))).isEqualTo(new RateAllowance(1, 2 * SECOND));
    }

    @Test
    void anUnusableRateIsRefusedWithItsName() {
        for (double rate : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY, 1e18}) {
            assertThatThrownBy(() -> RateLimit.requests(rate))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("requestsPerSecond is " + rate);
        }
    }
}
