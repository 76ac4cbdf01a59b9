package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.OptionalDouble;
import org.assertj.core.data.Offset;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RecentCallsTest {
    private static final Offset<Double> SLIGHTLY = Offset.offset(1e-9);

    private final RecentCalls calls = new RecentCalls();

    @Test
    void withFewerThanThreeOtherRequestsThereIsNoComparison() {
        add("one", null);
        add("another", null);
        add("another", null);
        add("another", null);
        add("mine", FailureKind.SERVER);

        assertThat(calls.shareOfOthers("mine", FailureKind.SERVER, 0)).isEmpty();

        add("a third", null);

        assertThat(share(FailureKind.SERVER)).isEqualTo(0.5 / 6, SLIGHTLY);
    }

    @Test
    void theShareIsNeverBelowOneInTwenty() {
        addMany(64, null);

        assertThat(share(FailureKind.SERVER)).isEqualTo(0.05);
        assertThat(share(FailureKind.LIMITED)).isEqualTo(0.05);
    }

    @Test
    void aRequestIsNotComparedWithItself() {
        addMany(9, null);
        for (int i = 0; i < 20; i++) {
            add("mine", FailureKind.SERVER);
        }
        add("other", null);

        assertThat(share(FailureKind.SERVER)).isEqualTo(0.05, SLIGHTLY);
    }

    @Test
    void allFacesOfAnOutageCountTogether() {
        addMany(3, FailureKind.SERVER);
        addMany(3, FailureKind.NO_ANSWER);
        addMany(3, FailureKind.FOREIGN);
        addMany(1, null);

        for (FailureKind kind : new FailureKind[] {FailureKind.SERVER, FailureKind.NO_ANSWER, FailureKind.FOREIGN}) {
            assertThat(share(kind)).as("%s", kind).isEqualTo(9.5 / 11, SLIGHTLY);
        }
    }

    @Test
    void rateLimitsAreComparedWithRateLimitsOnly() {
        addMany(10, FailureKind.LIMITED);
        addMany(4, FailureKind.SERVER);
        addMany(5, null);

        assertThat(share(FailureKind.SERVER)).isEqualTo(4.5 / 10, SLIGHTLY);
        assertThat(share(FailureKind.LIMITED)).isEqualTo(10.5 / 20, SLIGHTLY);
    }

    @Test
    void whereNoOtherHasPassedSinceTheLastCallAllAreSupposedToFail() {
        addMany(60, null);

        assertThat(share(FailureKind.SERVER)).isEqualTo(0.05);

        add("mine", FailureKind.SERVER);
        addMany(2, FailureKind.SERVER);

        assertThat(share(FailureKind.SERVER)).isEqualTo(1);

        add("other", null);

        assertThat(share(FailureKind.SERVER)).isLessThan(0.06);
    }

    @Test
    void withoutAnyPassAllAreSupposedToFail() {
        addMany(64, FailureKind.SERVER);

        assertThat(share(FailureKind.SERVER)).isEqualTo(1);
    }

    @Test
    void anOutageThatBeginsSpeaksAgainstARequestAtMostOnce() {
        FailureKind[] faces = {FailureKind.SERVER, FailureKind.NO_ANSWER, FailureKind.FOREIGN};
        for (int requests = 1; requests <= 10; requests++) {
            addMany(64, null);
            for (int request = 0; request < requests; request++) {
                add("in-outage-" + request, null);
            }
            double[] evidence = new double[requests];
            for (int call = 0; call < 40 * requests; call++) {
                String id = "in-outage-" + call % requests;
                FailureKind face = faces[call % faces.length];
                evidence[call % requests] -=
                        Math.log(calls.shareOfOthers(id, face, 0).orElse(1));
                add(id, face);
            }

            for (double each : evidence) {
                assertThat(each).isBetween(0.0, -Math.log(0.05) + 1e-9);
            }
        }
    }

    @Test
    void onlyTheLatestCallsCount() {
        addMany(100, FailureKind.SERVER);
        addMany(32, null);

        assertThat(share(FailureKind.SERVER)).isEqualTo(32.5 / 65, SLIGHTLY);
    }

    @Test
    void oldCallsDoNotCount() {
        addMany(10, null);
        long later = Duration.ofHours(1).toNanos();

        assertThat(calls.shareOfOthers("mine", FailureKind.SERVER, later)).isPresent();
        assertThat(calls.shareOfOthers("mine", FailureKind.SERVER, later + 1)).isEmpty();
    }

    @Test
    void aPassShowsForTwoMinutesThatUrlAndKeyWork() {
        long later = Duration.ofMinutes(2).toNanos();

        assertThat(calls.hasPassed(0)).isFalse();

        add("other", null);
        addMany(100, FailureKind.SERVER);

        assertThat(calls.hasPassed(later)).isTrue();
        assertThat(calls.hasPassed(later + 1)).isFalse();
    }

    private double share(FailureKind kind) {
        OptionalDouble share = calls.shareOfOthers("mine", kind, 0);
        return share.orElseThrow();
    }

    private void addMany(int count, @Nullable FailureKind kind) {
        for (int i = 0; i < count; i++) {
            add("other-" + i, kind);
        }
    }

    private void add(String id, @Nullable FailureKind kind) {
        calls.add(id, kind, true, 0);
    }
}
