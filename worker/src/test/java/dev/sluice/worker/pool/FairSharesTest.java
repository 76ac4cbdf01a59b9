package dev.sluice.worker.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.worker.pool.FairShares.Claim;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FairSharesTest {
    private static final double TINY = 1e-6;
    private static final Random RANDOM = new Random(19);

    @Test
    void oneThatWantsEverythingHasWhatTheOthersLeave() {
        double[] shares =
                FairShares.of(List.of(new Claim(3, 1000), new Claim(3, 2), new Claim(3, 0), new Claim(3, 0)), 12, 40);

        assertThat(shares).containsExactly(new double[] {38, 2, 0, 0}, within(TINY));
    }

    @Test
    void thoseThatAllWantEverythingDivideByBundles() {
        assertThat(FairShares.of(List.of(new Claim(1, 1000), new Claim(3, 1000)), 4, 40))
                .containsExactly(new double[] {10, 30}, within(TINY));
    }

    @Test
    void whatNobodyWantsIsDividedByBundles() {
        assertThat(FairShares.of(List.of(new Claim(1, 2), new Claim(1, 0)), 2, 40))
                .containsExactly(new double[] {21, 19}, within(TINY));
    }

    @Test
    void bundlesThatNobodyClaimsAreLentToNobody() {
        assertThat(FairShares.of(List.of(new Claim(3, 1000), new Claim(3, 0)), 12, 40))
                .containsExactly(new double[] {20, 0}, within(TINY));
    }

    @Test
    void aBundleThatTwoClaimIsNotSpentTwice() {
        double[] shares = FairShares.of(List.of(new Claim(8, 1000), new Claim(8, 1000)), 12, 40);

        assertThat(Arrays.stream(shares).sum()).isCloseTo(40, within(TINY));
    }

    @Test
    void aWorkerWithoutBundlesHasNothing() {
        assertThat(FairShares.of(List.of(new Claim(0, 1000)), 12, 40)).containsExactly(0);
        assertThat(FairShares.of(List.of(new Claim(0, 1000), new Claim(12, 0)), 12, 40))
                .containsExactly(new double[] {0, 40}, within(TINY));
    }

    @RepeatedTest(200)
    void nobodyHasMoreThanWantedWhileAnotherIsShort() {
        int width = 1 + RANDOM.nextInt(24);
        double limit = RANDOM.nextDouble() * Math.pow(10, RANDOM.nextInt(5));
        List<Claim> claims = claims(width, limit);
        int claimed = claims.stream().mapToInt(Claim::weight).sum();

        double[] shares = FairShares.of(claims, width, limit);

        double total = limit * claimed / width;
        assertThat(Arrays.stream(shares).sum()).isCloseTo(total, within(TINY * limit));
        double level = level(claims, total);
        for (int i = 0; i < shares.length; i++) {
            Claim claim = claims.get(i);
            double own = limit * claim.weight() / width;
            assertThat(shares[i])
                    .as("%s of %s", claim, claims)
                    .isGreaterThanOrEqualTo(Math.min(own, claim.wanted()) - TINY * limit);
            if (level < Double.POSITIVE_INFINITY) {
                assertThat(shares[i]).isCloseTo(Math.min(claim.wanted(), level * claim.weight()), within(TINY * limit));
            }
        }
    }

    @RepeatedTest(200)
    void wholeNumbersAddUpToNoMoreAndDifferByLessThanTwo() {
        int width = 1 + RANDOM.nextInt(24);
        double limit = 1 + RANDOM.nextInt(200);
        double[] shares = FairShares.of(claims(width, limit), width, limit);

        double[] whole = FairShares.whole(shares, 0);

        assertThat(Arrays.stream(whole).sum())
                .isLessThanOrEqualTo(Arrays.stream(shares).sum() + TINY);
        for (int i = 0; i < shares.length; i++) {
            assertThat(whole[i]).isCloseTo(shares[i], within(2.0));
        }
    }

    @Test
    void lessThanOneForEachIsDividedInTurns() {
        double[] parts = {0.75, 0, 0.75, 0.75, 0.75};

        for (long turn = 0; turn < 1_000; turn++) {
            double[] whole = FairShares.whole(parts, turn);
            assertThat(whole).containsOnly(0, 1);
            assertThat(Arrays.stream(whole).sum()).isEqualTo(3);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.15, 0.9, 1, 1.5, 1.7, 2.5, 3.6, 9.5, 40.25})
    void aFractionOfACallIsNotLost(double limit) {
        for (int workers = 1; workers < 12; workers++) {
            double[] parts = new double[workers];
            Arrays.fill(parts, limit / workers);
            for (long turn = 0; turn < 20; turn++) {
                double[] whole = FairShares.whole(parts, turn);
                assertThat(Arrays.stream(whole).sum()).isCloseTo(limit, within(TINY));
                assertThat(Arrays.stream(whole).filter(part -> part % 1 > TINY).count())
                        .as("fractions in %s", Arrays.toString(whole))
                        .isLessThanOrEqualTo(1);
            }
        }
    }

    /** One with a backlog must not wait as often as those that have a call now and then. */
    @Test
    void eachIsInTurnAsOftenAsItsPartSays() {
        for (double[] parts : List.of(
                new double[] {0.95, 0.35, 0.35, 0.35}, new double[] {0.01, 0.02, 0.003}, new double[] {0.9, 0, 0.8})) {
            double[] mean = new double[parts.length];
            for (long turn = 0; turn < 10_000; turn++) {
                double[] whole = FairShares.whole(parts, 90_000_000 + turn);
                for (int i = 0; i < parts.length; i++) {
                    mean[i] += whole[i] / 10_000;
                }
            }
            for (int i = 0; i < parts.length; i++) {
                assertThat(mean[i]).isCloseTo(parts[i], within(0.01));
            }
        }
    }

    private static List<Claim> claims(int width, double limit) {
        List<Claim> claims = new ArrayList<>();
        for (int left = width; left > 0 && RANDOM.nextInt(8) > 0; ) {
            int weight = 1 + RANDOM.nextInt(left);
            left -= weight;
            double wanted = RANDOM.nextInt(3) == 0 ? 0 : RANDOM.nextDouble() * limit * (1 + RANDOM.nextInt(2));
            claims.add(new Claim(weight, wanted));
        }
        if (claims.isEmpty()) {
            claims.add(new Claim(1, limit));
        }
        return claims;
    }

    /** Finds by halving what each bundle gets where not everybody is content. */
    private static double level(List<Claim> claims, double total) {
        if (claims.stream().mapToDouble(Claim::wanted).sum() <= total) {
            return Double.POSITIVE_INFINITY;
        }
        double low = 0;
        double high = total;
        for (int i = 0; i < 200; i++) {
            double middle = (low + high) / 2;
            double used = claims.stream()
                    .mapToDouble(claim -> Math.min(claim.wanted(), middle * claim.weight()))
                    .sum();
            low = used <= total ? middle : low;
            high = used <= total ? high : middle;
        }
        return low;
    }
}
