package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.LimitVerdict.Dimension;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ModelLimiterTest {
    private static final long SECOND = 1_000_000_000L;

    private final ModelLimiter limiter = new ModelLimiter();

    @Test
    void aRejectedCallIsNotCharged() {
        RateLimit limit = RateLimit.sliding(2.0, 100.0);
        assertThat(limiter.admit(0, 60, limit).rejectedBy()).isNull();

        LimitVerdict rejected = limiter.admit(0, 41, limit);
        assertThat(rejected.rejectedBy()).isEqualTo(Dimension.TOKENS);
        assertThat(rejected.waitNanos()).isEqualTo(SECOND);
        assertThat(rejected.requests().remaining()).isEqualTo(1);

        assertThat(limiter.admit(0, 40, limit).rejectedBy()).isNull();
        assertThat(limiter.admit(1, 1, limit).rejectedBy()).isEqualTo(Dimension.REQUESTS);
        assertThat(limiter.admit(SECOND, 1, limit).rejectedBy()).isNull();
    }

    @Test
    void aNewRateCountsEarlierCharges() {
        for (int i = 0; i < 5; i++) {
            assertThat(limiter.admit(i, 1, RateLimit.requests(5)).rejectedBy()).isNull();
        }

        assertThat(limiter.admit(10, 1, RateLimit.requests(6)).rejectedBy()).isNull();
        assertThat(limiter.admit(11, 1, RateLimit.requests(6)).rejectedBy()).isNotNull();
        assertThat(limiter.admit(12, 1, RateLimit.NONE).rejectedBy()).isNull();
    }

    @Test
    void theKindCanChangeWhileItRuns() {
        RateLimit sliding = RateLimit.requests(1);
        limiter.admit(SECOND - 1, 1, sliding);
        assertThat(limiter.admit(SECOND, 1, sliding).rejectedBy()).isNotNull();

        RateLimit bucket = sliding.withKind(RateLimitKind.TOKEN_BUCKET).withWindow(Duration.ofSeconds(4));
        for (int i = 0; i < 4; i++) {
            assertThat(limiter.admit(SECOND, 1, bucket).rejectedBy()).isNull();
        }
        assertThat(limiter.admit(SECOND, 1, bucket).waitNanos()).isEqualTo(SECOND);
    }

    @Test
    void aDynamicLimitFollowsTwiceTheSuccessfulRateFromItsBaseUpToItsCap() {
        RateLimit limit = RateLimit.requests(2).dynamic(12.0, null, Duration.ofSeconds(60));

        assertThat(limiter.peek(0, limit).requests().current()).isEqualTo(2);
        double before = 0;
        for (long now = 0; now < 400 * SECOND; now += SECOND / 50) {
            if (limiter.admit(now, 10, limit).rejectedBy() == null) {
                limiter.succeeded(now, 10, limit);
            }
            double current = limiter.peek(now, limit).requests().current();
            assertThat(current).isBetween(2.0, 12.0);
            before = Math.max(before, current);
        }
        assertThat(before).isEqualTo(12);

        assertThat(limiter.peek(430 * SECOND, limit).requests().current()).isBetween(4.0, 11.9);
        assertThat(limiter.peek(500 * SECOND, limit).requests().current()).isEqualTo(2);
    }

    @Test
    void aDynamicLimitDoesNotGrowWithCallsThatFailed() {
        RateLimit limit = RateLimit.requests(2).dynamic(null, null, Duration.ofSeconds(10));

        for (long now = 0; now < 100 * SECOND; now += SECOND / 10) {
            limiter.admit(now, 1, limit);
        }

        assertThat(limiter.peek(100 * SECOND, limit).requests().current()).isEqualTo(2);
    }

    @Test
    void successesExpireSlotBySlot() {
        DynamicRate rate = new DynamicRate();
        long period = 60 * SECOND;
        rate.succeeded(0, 600, period);
        rate.succeeded(30 * SECOND, 300, period);

        assertThat(rate.limit(59 * SECOND, period, 1, null)).isEqualTo(30);
        assertThat(rate.limit(60 * SECOND, period, 1, null)).isEqualTo(10);
        assertThat(rate.limit(90 * SECOND, period, 1, null)).isEqualTo(1);
    }
}
