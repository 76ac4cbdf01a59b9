package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.Requests;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.intake.SuspicionLevel;
import dev.sluice.worker.provider.AdvertisedLimits;
import dev.sluice.worker.provider.LimitUnit;
import dev.sluice.worker.provider.TokenUsage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LaneTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final CallFeedback LIMITED = CallFeedback.limited(LimitUnit.REQUESTS, Duration.ZERO);
    private static final CallFeedback FAILED = CallFeedback.failed(FailureKind.SERVER, "503", false);

    private static long nextEnded = 100_000;

    private final VirtualTime time = new VirtualTime();

    @ParameterizedTest
    @ValueSource(strings = {"10/s", "600/min", "1000/s", "1/s"})
    void startsEmptySoThatTheFirstSecondIsNoBurst(String limit) {
        Lane lane = full(limit, LimitShare.ALL, 2000);

        assertThat(send(lane)).isNull();
        int sent = sentWithin(lane, SECOND);

        assertThat((double) sent).isLessThanOrEqualTo(perSecond(limit));
    }

    @ParameterizedTest
    @CsvSource({"10/s, 600", "600/min, 600", "1000/s, 60000", "7/s, 420", "1/min, 1"})
    void theLongRunRateIsTheLimitMinusTheMargin(String limit, int perMinute) {
        Lane lane = full(limit, LimitShare.ALL, 2 * perMinute + 1);

        assertThat(sentWithin(lane, Duration.ofMinutes(1))).isBetween((int) (0.975 * perMinute), perMinute);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void noIntervalHoldsMoreThanItsTimeAllowsPlusOneSlot(long seed) {
        Random random = new Random(seed);
        int perSecond = 1 + random.nextInt(500);
        Lane lane = full(perSecond + "/s", LimitShare.ALL, 20_000);

        List<Long> sentAt = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            time.passNanos(random.nextInt(10) == 0 ? random.nextLong(3_000_000_000L) : random.nextLong(20_000_000));
            for (int polls = random.nextInt(20); polls > 0; polls--) {
                if (send(lane) != null) {
                    sentAt.add(time.currentTimeNanos());
                }
            }
        }

        assertThat(sentAt).hasSizeGreaterThan(100);
        PlainPace.check(sentAt, perSecond, 2 + perSecond / 10);
        PlainPace.checkSeconds(sentAt, perSecond);
    }

    @Test
    void anIdleLaneSavesNoMoreThanOneSlot() {
        Lane lane = full("100/s", LimitShare.ALL, 1000);

        time.pass(Duration.ofHours(1));

        assertThat(polledNow(lane)).hasSize(10);
    }

    @Test
    void withoutALimitAllRequestsStartAtOnce() {
        assertThat(polledNow(full("none", LimitShare.ALL, 1000))).hasSize(1000);
    }

    @Test
    void halfOfTheBundlesHalvesTheRate() {
        Lane lane = full("100/s", new LimitShare(4, 8), 10_000);

        assertThat(sentWithin(lane, Duration.ofMinutes(1))).isBetween(2_930, 3_000);
    }

    @Test
    void connectingCallsHoldBackLaterOnes() {
        Lane lane = full("1000/s", LimitShare.ALL, 1000);
        time.passNanos(100_000_000);
        List<InFlightCall> connecting = new ArrayList<>();
        for (InFlightCall sent = lane.poll(); sent != null; sent = lane.poll()) {
            connecting.add(sent);
        }
        assertThat(connecting).as("5 % of a second's").hasSize(50);

        connecting.get(7).connecting().run();

        assertThat(lane.poll()).isNotNull();
        assertThat(lane.poll()).isNull();
        assertThat(lane.nanosToNext()).isLessThanOrEqualTo(1_000_000);
    }

    @Test
    void callsThatCannotConnectHoldBackOthersOnlyForAMoment() {
        Lane lane = full("100/s", LimitShare.ALL, 1000);
        for (int i = 0; i < 5; i++) {
            time.passNanos(11_000_000);
            assertThat(lane.poll()).isNotNull();
        }
        time.passNanos(11_000_000);
        assertThat(lane.poll()).isNull();

        time.passNanos(500_000_000);

        assertThat(lane.poll()).isNotNull();
    }

    @Test
    void aNewShareStartsEmpty() {
        Lane lane = full("100/s", new LimitShare(1, 2), 1000);
        time.pass(Duration.ofMinutes(1));

        lane.changeShare(LimitShare.ALL);

        assertThat(send(lane)).isNull();
        assertThat(sentWithin(lane, SECOND)).isBetween(97, 100);
    }

    @Test
    void aRequestThatIsPutBackGoesBehindAllOthersUntilTheLaneFlowsAgain() {
        Lane lane = lane("none", LimitShare.ALL);
        lane.add(request(1));
        ended(lane, CallFeedback.blocked("402"));
        lane.putBack(request(2));
        lane.add(request(3));
        lane.add(request(4));
        time.pass(SECOND);
        InFlightCall probe = send(lane);
        assertThat(offset(probe.request())).isOne();
        lane.putBack(probe.request());
        lane.ended(probe, CallFeedback.blocked("402"));
        time.pass(SECOND);

        InFlightCall youngest = send(lane);
        assertThat(offset(youngest.request()))
                .as("every second probe is the youngest")
                .isEqualTo(4);
        lane.ended(youngest, CallFeedback.PASSED);

        assertThat(polledNow(lane)).extracting(LaneTest::offset).containsExactly(2L, 3L, 1L);
    }

    @Test
    void anExpiredRequestIsNoProbe() {
        Lane lane = lane("none", LimitShare.ALL);
        Set<Long> late = Set.of(1L, 2L, 5L, 6L);
        List<Request> ended = new ArrayList<>();
        Lanes.Expiry expiry = new Lanes.Expiry(request -> late.contains(offset(request)), ended::add);
        ended(lane, CallFeedback.blocked("402"));
        for (long offset = 1; offset <= 6; offset++) {
            lane.add(request(offset));
        }

        List<Long> probes = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            time.pass(SECOND.multipliedBy(40));
            lane.expireFirst(expiry);
            InFlightCall probe = send(lane);
            probes.add(offset(probe.request()));
            lane.ended(probe, CallFeedback.blocked("402"));
        }

        assertThat(probes).containsExactly(3L, 4L);
        assertThat(ended).extracting(LaneTest::offset).containsExactlyInAnyOrder(1L, 2L, 5L, 6L);
    }

    @Test
    void anEmptyLaneWaitsForAMessageOnly() {
        assertThat(lane("10/s", LimitShare.ALL).nanosToNext()).isEqualTo(Lane.NEVER);
    }

    @Test
    void threeFailuresInARowStopTheLane() {
        Lane lane = full("none", LimitShare.ALL, 10);

        for (int i = 0; i < 2; i++) {
            ended(lane, FAILED);
        }
        ended(lane, CallFeedback.PASSED);
        for (int i = 0; i < 2; i++) {
            ended(lane, FAILED);
        }
        assertThat(lane.stopReason()).isEmpty();
        assertThat(send(lane)).isNotNull();

        ended(lane, FAILED);
        assertThat(lane.stopReason()).isPresent();
        assertThat(send(lane)).isNull();
        assertThat(lane.size()).isEqualTo(9);
    }

    @Test
    void aRejectedKeyStopsTheLaneAtOnce() {
        Lane lane = full("none", LimitShare.ALL, 10);

        ended(lane, CallFeedback.blocked("401"));

        assertThat(lane.stopReason()).isPresent();
        assertThat(send(lane)).isNull();
        assertThat(lane.nanosToNext()).isEqualTo(SECOND.toNanos());
    }

    @Test
    void aStoppedLaneProbesWithAnotherRequestAfterGrowingPauses() {
        Lane lane = full("none", LimitShare.ALL, 50);
        ended(lane, CallFeedback.blocked("401"));

        List<Long> pauses = new ArrayList<>();
        List<Long> probes = new ArrayList<>();
        for (int i = 0; i < 22; i++) {
            long pause = lane.nanosToNext();
            time.passNanos(pause - 1);
            assertThat(send(lane)).isNull();
            time.passNanos(1);
            Request probe = send(lane).request();
            assertThat(send(lane)).as("one probe at a time").isNull();
            assertThat(lane.nanosToNext()).isEqualTo(Lane.NEVER);
            ended(lane, i % 2 == 0 ? FAILED : CallFeedback.blocked("401"));
            lane.putBack(probe);
            pauses.add(Duration.ofNanos(pause).toSeconds());
            probes.add(offset(probe));
        }

        assertThat(pauses)
                .containsExactly(
                        1L, 1L, 1L, 2L, 1L, 1L, 4L, 1L, 1L, 8L, 1L, 1L, 16L, 1L, 1L, 30L, 1L, 1L, 30L, 1L, 1L, 30L);
        assertThat(probes).doesNotHaveDuplicates();
        assertThat(lane.size()).isEqualTo(50);
    }

    @Test
    void aProbeThatPassesLetsTheLaneFlowAndResetsThePause() {
        Lane lane = stoppedAndProbing(10);

        ended(lane, CallFeedback.PASSED);

        assertThat(lane.stopReason()).isEmpty();
        assertThat(polledNow(lane)).hasSize(9);
        lane.add(request(99));
        ended(lane, CallFeedback.blocked("401"));
        assertThat(lane.nanosToNext()).isEqualTo(SECOND.toNanos());
    }

    @Test
    void aProbeThatIsRateLimitedLetsTheLaneFlowAfterThePause() {
        Lane lane = stoppedAndProbing(10);

        ended(lane, CallFeedback.limited(LimitUnit.REQUESTS, Duration.ofSeconds(3)));
        ended(lane, CallFeedback.limited(LimitUnit.REQUESTS, Duration.ofSeconds(3)));

        assertThat(lane.stopReason()).isEmpty();
        assertThat(lane.nanosToNext()).isEqualTo(Duration.ofSeconds(3).toNanos());
    }

    @Test
    void aCancelledProbeIsFollowedByAnother() {
        Lane lane = stoppedAndProbing(10);

        ended(lane, CallFeedback.CANCELLED);

        assertThat(lane.stopReason()).isPresent();
        assertThat(send(lane)).isNotNull();
        assertThat(send(lane)).isNull();
    }

    /** A stream may take minutes, and may break off as those before. */
    @Test
    void aProbeWhoseAnswerHasBegunKeepsNoOtherProbeWaiting() {
        Lane lane = full("none", LimitShare.ALL, 10);
        ended(lane, CallFeedback.blocked("401"));
        time.pass(SECOND);
        InFlightCall probe = send(lane);
        assertThat(lane.nanosToNext()).isEqualTo(Lane.NEVER);

        lane.begun(probe);

        assertThat(lane.stopReason()).isPresent();
        assertThat(lane.nanosToNext()).isEqualTo(SECOND.toNanos());
        time.pass(SECOND);
        InFlightCall other = send(lane);
        lane.begun(probe);
        assertThat(other).isNotNull();
        lane.ended(other, CallFeedback.PASSED);
        assertThat(lane.stopReason()).isEmpty();
        lane.begun(probe);
        lane.ended(probe, FAILED);
        assertThat(lane.stopReason()).as("it began before the lane flowed").isEmpty();
    }

    @Test
    void aStreamWithoutUsageCostsWhatHasCome() {
        Lane lane = full("1000/s,100 tokens/s", LimitShare.ALL, 2);
        time.pass(SECOND);
        InFlightCall call = send(lane);
        long wait = lane.nanosToNext();
        assertThat(wait).isGreaterThan(SECOND.toNanos());

        lane.ended(call, CallFeedback.PASSED.producing(1));

        assertThat(lane.nanosToNext()).isLessThan(wait);
    }

    /** Other calls wait while it comes, and not when a long answer ends. */
    @Test
    void whatAStreamHasBeyondTheEstimateIsSpentAsItComes() {
        Lane lane = full("1000/s,100 tokens/s", LimitShare.ALL, 2);
        time.pass(SECOND);
        InFlightCall call = send(lane);
        long estimated = lane.nanosToNext();
        lane.produced(call, 100);
        assertThat(lane.nanosToNext()).as("less than was expected").isEqualTo(estimated);
        time.pass(Duration.ofMinutes(1));
        assertThat(lane.nanosToNext()).isZero();

        lane.produced(call, 1_000);
        long grown = lane.nanosToNext();

        assertThat(Duration.ofNanos(grown)).isBetween(Duration.ofSeconds(6), Duration.ofSeconds(9));
        lane.produced(call, 1_000);
        lane.ended(call, CallFeedback.PASSED.producing(1_000));
        assertThat(lane.nanosToNext()).as("charged once").isEqualTo(grown);
    }

    @Test
    void whatAStreamWasChargedTooMuchIsGivenBackAtItsEnd() {
        Lane lane = full("1000/s,100 tokens/s", LimitShare.ALL, 2);
        time.pass(SECOND);
        InFlightCall call = send(lane);
        time.pass(Duration.ofMinutes(1));
        lane.produced(call, 10_000);
        assertThat(Duration.ofNanos(lane.nanosToNext())).isGreaterThan(Duration.ofSeconds(90));

        lane.ended(call, CallFeedback.PASSED.with(Optional.of(new TokenUsage(10, 5_000))));

        assertThat(Duration.ofNanos(lane.nanosToNext())).isBetween(Duration.ofSeconds(40), Duration.ofSeconds(52));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anAbortedCallStopsNothingAndKeepsItsTokensIfItMayHaveCostSome(boolean mayHaveCost) {
        Lane lane = full("1000/s,100 tokens/s", LimitShare.ALL, 2);
        time.pass(SECOND);
        InFlightCall call = send(lane);
        long wait = lane.nanosToNext();
        assertThat(wait).isGreaterThan(SECOND.toNanos());

        lane.ended(call, CallFeedback.aborted(mayHaveCost));

        assertThat(lane.stopReason()).isEmpty();
        assertThat(lane.nanosToNext() == wait).isEqualTo(mayHaveCost);
        assertThat(lane.nanosToNext()).isLessThanOrEqualTo(wait);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void callsFromBeforeTheStopChangeNothing(boolean probing) {
        Lane lane = full("none", LimitShare.ALL, 10);
        long before = time.currentTimeNanos();
        time.passNanos(1);
        ended(lane, CallFeedback.blocked("401"));
        if (probing) {
            time.pass(SECOND);
            assertThat(send(lane)).isNotNull();
        }
        long wait = lane.nanosToNext();

        for (CallFeedback late :
                List.of(CallFeedback.blocked("401"), FAILED, CallFeedback.PASSED, CallFeedback.CANCELLED)) {
            lane.ended(startedAt(before), late);
        }

        assertThat(lane.stopReason()).isPresent();
        assertThat(lane.nanosToNext()).isEqualTo(wait);
        assertThat(send(lane)).isNull();
    }

    @Test
    void failuresOfCallsFromBeforeTheLaneResumedDoNotStopIt() {
        Lane lane = full("none", LimitShare.ALL, 10);
        long before = time.currentTimeNanos();
        time.passNanos(1);
        ended(lane, CallFeedback.blocked("401"));
        time.pass(SECOND);
        assertThat(send(lane)).isNotNull();
        ended(lane, CallFeedback.PASSED);

        for (int i = 0; i < 10; i++) {
            lane.ended(startedAt(before), FAILED);
        }

        assertThat(lane.stopReason()).isEmpty();
    }

    @Test
    void aRateLimitPausesTheLaneWithoutStoppingIt() {
        Lane lane = full("none", LimitShare.ALL, 10);

        ended(lane, CallFeedback.limited(LimitUnit.REQUESTS, SECOND));
        ended(lane, CallFeedback.limited(LimitUnit.REQUESTS, Duration.ofSeconds(2)));
        ended(lane, CallFeedback.PASSED);

        assertThat(lane.stopReason()).isEmpty();
        assertThat(send(lane)).isNull();
        assertThat(lane.nanosToNext()).isEqualTo(Duration.ofSeconds(2).toNanos());
        time.pass(Duration.ofSeconds(2));
        assertThat(polledNow(lane)).hasSize(10);
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e300, 1e12, 1e-12, 1e-300})
    void anAbsurdAdvertisedLimitNeitherBreaksNorClosesTheLane(double limit) {
        Lane lane = full("500/s", LimitShare.ALL, 1_000);
        AdvertisedLimits advertised = new AdvertisedLimits(OptionalDouble.of(limit), OptionalDouble.of(limit * 1_000));

        ended(lane, CallFeedback.PASSED.with(advertised));

        assertThat(sentWithin(lane, Duration.ofMinutes(5))).isGreaterThanOrEqualTo(2);
    }

    @Test
    void aRejectionLowersTheRateToCurrentDemand() {
        Lane lane = full(
                new Lane(
                        "m",
                        ConfiguredLimit.UNKNOWN,
                        time,
                        new LimitShare(1, 2),
                        new AllLanes(new CallSlots(1_000_000), Map.of())),
                1_000);
        while (!lane.isEmpty()) {
            time.pass(Duration.ofMillis(1));
            InFlightCall sent = send(lane);
            if (sent != null) {
                lane.ended(sent, lane.size() == 200 ? LIMITED : CallFeedback.PASSED);
            }
        }
        assertThat(limit(lane)).as("after a backlog").isGreaterThan(50);

        for (int i = 0; i < 20; i++) {
            time.pass(Duration.ofMillis(100));
            lane.add(request(i));
            lane.ended(send(lane), i == 19 ? LIMITED : CallFeedback.PASSED);
        }

        assertThat(limit(lane)).isBetween(9.0, 11.0);
    }

    private static double limit(Lane lane) {
        return lane.state("m", true).requests().limit().orElseThrow();
    }

    @Test
    void noSingleAnswerPausesTheLaneForLong() {
        Lane lane = full("none", LimitShare.ALL, 10);

        ended(lane, CallFeedback.limited(LimitUnit.REQUESTS, Duration.ofHours(1)));
        assertThat(lane.nanosToNext()).as("a single request is told to wait").isZero();
        ended(lane, CallFeedback.limited(LimitUnit.REQUESTS, Duration.ofHours(1)));

        assertThat(lane.nanosToNext()).isEqualTo(Duration.ofSeconds(5).toNanos());
    }

    @Test
    void expiredRequestsTakeNoToken() {
        Lane lane = lane("10/s", LimitShare.ALL);
        lane.add(retry(1));
        lane.add(request(2));
        lane.add(request(3));
        List<Request> expired = new ArrayList<>();
        time.pass(SECOND);

        lane.expireFirst(new Lanes.Expiry(request -> offset(request) < 3, expired::add));

        assertThat(expired).extracting(LaneTest::offset).containsExactly(1L, 2L);
        assertThat(send(lane)).isNotNull();
    }

    @Test
    void aDeferredRequestThatIsRejectedAgainWhileOthersPassChangesNothingForThem() {
        Lane lane = full("10/s", LimitShare.ALL, 500);
        Lane undisturbed = full("10/s", LimitShare.ALL, 500);
        passed(lane, 10);

        int sent = 0;
        int expected = 0;
        for (int i = 0; i < 3_000; i++) {
            time.pass(Duration.ofMillis(10));
            sent += polledNow(lane).size();
            expected += polledNow(undisturbed).size();
            if (i % 100 == 0) {
                lane.ended(callOf(deferred(9_000)), CallFeedback.limited(LimitUnit.REQUESTS, SECOND));
            }
        }

        assertThat(sent).isEqualTo(expected).isGreaterThan(280);
        assertThat(lane.stopReason()).isEmpty();
    }

    @Test
    void aDeferredRequestThatIsRejectedAgainAsOthersAreSlowsTheLane() {
        Lane lane = full("10/s", LimitShare.ALL, 500);
        for (int i = 0; i < 10; i++) {
            ended(lane, CallFeedback.limited(LimitUnit.REQUESTS, Duration.ZERO));
        }

        lane.ended(callOf(deferred(9_000)), CallFeedback.limited(LimitUnit.REQUESTS, SECOND));

        assertThat(lane.nanosToNext()).isGreaterThanOrEqualTo(SECOND.toNanos());
    }

    @Test
    void aRetryGoesFirstAndThenRetriesAndArrivalsTakeTurns() {
        Lane lane = lane("none", LimitShare.ALL);
        for (int i = 0; i < 3; i++) {
            lane.add(request(i));
            lane.add(retry(100 + i));
        }
        lane.add(retry(103));

        assertThat(polledNow(lane)).extracting(LaneTest::offset).containsExactly(100L, 0L, 101L, 1L, 102L, 2L, 103L);
    }

    @Test
    void inABrownOutTheLaneGoesOn() {
        Lane lane = full("none", LimitShare.ALL, 10);
        Random random = new Random(7);
        for (int i = 0; i < 30; i++) {
            ended(lane, CallFeedback.PASSED);
        }

        int stops = 0;
        for (int i = 0; i < 2_000; i++) {
            ended(lane, random.nextInt(10) < 7 && i > 20 ? FAILED : CallFeedback.PASSED);
            if (lane.stopReason().isPresent()) {
                stops++;
                time.pass(Duration.ofMinutes(1));
                assertThat(send(lane)).isNotNull();
                ended(lane, CallFeedback.PASSED);
                lane.add(request(i));
            }
        }

        assertThat(stops).isLessThan(20);
    }

    @Test
    void twoForeignAnswersAreNoReasonToStopWhileTheApiWorks() {
        Lane lane = full("none", LimitShare.ALL, 10);
        CallFeedback foreign = CallFeedback.failed(FailureKind.FOREIGN, "404", false);
        ended(lane, CallFeedback.PASSED);

        ended(lane, foreign);
        ended(lane, foreign);
        assertThat(lane.stopReason()).isEmpty();
        ended(lane, foreign);

        assertThat(lane.stopReason()).contains("404");
        assertThat(lane.state("m", true).flow()).isEqualTo(LaneState.Flow.HELD);
    }

    @Test
    void oneForeignAnswerStopsALaneWhoseApiHasNeverAnswered() {
        Lane lane = full("none", LimitShare.ALL, 10);

        ended(lane, CallFeedback.failed(FailureKind.FOREIGN, "302 to login.example", false));

        assertThat(lane.stopReason()).contains("302 to login.example");
    }

    @Test
    void oneRequestWithAForeignAnswerAgainAndAgainDoesNotStopTheLane() {
        Lane lane = full("none", LimitShare.ALL, 100);
        ended(lane, CallFeedback.PASSED);
        InFlightCall filtered = send(lane);

        for (int i = 0; i < 50; i++) {
            lane.ended(filtered, CallFeedback.failed(FailureKind.FOREIGN, "403", false));
        }

        assertThat(lane.stopReason()).isEmpty();
    }

    @Test
    void aMistakeThatHitsAllRequestsSlowsTheLaneDownUntilOnePasses() {
        Lane lane = full("none", LimitShare.ALL, 100);
        CallFeedback rejected = CallFeedback.rejected("400 invalid_model");

        for (int i = 0; i < 19; i++) {
            ended(lane, rejected);
        }
        assertThat(lane.nanosToNext()).isZero();
        ended(lane, rejected);

        assertThat(lane.stopReason())
                .hasValueSatisfying(reason -> assertThat(reason).contains("400 invalid_model"));
        int inAnHour = sentOneByOne(lane, rejected, Duration.ofHours(1));
        assertThat(inAnHour).isBetween(100, 400);
        time.pass(Duration.ofMinutes(1));
        assertThat(send(lane)).isNotNull();
        ended(lane, CallFeedback.PASSED);
        assertThat(lane.stopReason()).isEmpty();
    }

    private int sentOneByOne(Lane lane, CallFeedback feedback, Duration duration) {
        long end = time.currentTimeNanos() + duration.toNanos();
        int sent = 0;
        while (time.currentTimeNanos() < end) {
            time.passNanos(Math.max(1, lane.nanosToNext()));
            lane.add(request(sent));
            lane.ended(send(lane), feedback);
            sent++;
        }
        return sent;
    }

    @Test
    void differentRejectionsAreNoMistakeOfAll() {
        Lane lane = full("none", LimitShare.ALL, 10);

        for (int i = 0; i < 100; i++) {
            ended(lane, CallFeedback.rejected(i % 2 == 0 ? "400 a" : "400 b"));
        }

        assertThat(lane.stopReason()).isEmpty();
    }

    @Test
    void aSuspectedRequestIsSentAfterASecondOfSilence() {
        Lane lane = lane("none", LimitShare.ALL);
        lane.add(request(1));
        assertThat(send(lane)).isNotNull();
        SuspicionLevel suspicion = new SuspicionLevel(0, SuspicionLevel.ENOUGH, 0, 0);
        Request suspect = Requests.ofModel("m")
                .at(2)
                .counted(0, 9)
                .withHeader(WireHeaders.SUSPICION, suspicion.header())
                .build();
        lane.add(suspect);
        lane.add(request(3));

        assertThat(send(lane)).isNull();
        time.passNanos(lane.nanosToNext());
        InFlightCall call = send(lane);

        assertThat(call.request()).isEqualTo(suspect);
        assertThat(lane.evidence(call).wasSentAlone()).isTrue();
        assertThat(lane.evidence(send(lane)).wasSentAlone()).isFalse();
    }

    @Test
    void aFreeRejectionGivesItsTokensBackAtOnce() {
        Lane lane = lane("1000/s,100 tokens/s", LimitShare.ALL);
        time.pass(SECOND);
        lane.add(Requests.ofModel("m").at(1).saying("x".repeat(400_000)).build());
        lane.add(request(2));
        time.passNanos(lane.nanosToNext());
        InFlightCall large = send(lane);
        assertThat(lane.nanosToNext()).isGreaterThan(Duration.ofMinutes(1).toNanos());

        lane.ended(large, CallFeedback.rejected("400"));

        assertThat(lane.nanosToNext()).isLessThan(SECOND.toNanos());
    }

    /** Ends a call that started just now. */
    private void ended(Lane lane, CallFeedback feedback) {
        lane.ended(startedAt(time.currentTimeNanos()), feedback);
    }

    private static double perSecond(String limit) {
        return ConfiguredLimit.parse(limit).perSecond(LimitUnit.REQUESTS).orElseThrow();
    }

    private Lane stoppedAndProbing(int requests) {
        Lane lane = full("none", LimitShare.ALL, requests);
        ended(lane, CallFeedback.blocked("401"));
        time.pass(SECOND);
        assertThat(send(lane)).isNotNull();
        return lane;
    }

    /** Returns the number of calls that start within a time if the lane is asked again as soon as it says. */
    private int sentWithin(Lane lane, Duration duration) {
        long end = time.currentTimeNanos() + duration.toNanos();
        int sent = 0;
        while (true) {
            sent += polledNow(lane).size();
            long wait = lane.nanosToNext();
            if (wait > end - time.currentTimeNanos()) {
                return sent;
            }
            // Bucket4j rounds down: a wait for less than a nanosecond is one for zero.
            time.passNanos(Math.max(1, wait));
        }
    }

    /** Returns the next call that may start now. It is sent at once. */
    private static @Nullable InFlightCall send(Lane lane) {
        InFlightCall sent = lane.poll();
        if (sent != null) {
            sent.connecting().run();
        }
        return sent;
    }

    private static List<Request> polledNow(Lane lane) {
        List<Request> polled = new ArrayList<>();
        for (InFlightCall sent = send(lane); sent != null; sent = send(lane)) {
            polled.add(sent.request());
        }
        return polled;
    }

    private Lane full(String limit, LimitShare share, int requests) {
        return full(lane(limit, share), requests);
    }

    private static Lane full(Lane lane, int requests) {
        for (int i = 0; i < requests; i++) {
            lane.add(request(i));
        }
        return lane;
    }

    private Lane lane(String limit, LimitShare share) {
        return new Lane(
                "m", ConfiguredLimit.parse(limit), time, share, new AllLanes(new CallSlots(1_000_000), Map.of()));
    }

    private static Request request(long offset) {
        return Requests.ofModel("m").at(offset).build();
    }

    private static Request retry(long offset) {
        return Requests.ofModel("m").at(offset).counted(1, 0).build();
    }

    private static Request deferred(long offset) {
        return Requests.ofModel("m").at(offset).counted(0, 1).build();
    }

    private void passed(Lane lane, int calls) {
        for (int i = 0; i < calls; i++) {
            ended(lane, CallFeedback.PASSED);
        }
    }

    /** Returns a call of another request that started at this time. */
    static InFlightCall startedAt(long at) {
        return callOf(request(nextEnded++), at);
    }

    private InFlightCall callOf(Request request) {
        return callOf(request, time.currentTimeNanos());
    }

    private static InFlightCall callOf(Request request, long at) {
        VirtualTime time = new VirtualTime();
        ConnectingCalls.ConnectingCall connecting = new ConnectingCalls(time).add(at);
        Lane lane = new Lane(
                "m", ConfiguredLimit.NONE, time, LimitShare.ALL, new AllLanes(new CallSlots(1_000_000), Map.of()));
        Charge charge = new Charge(at, connecting, 1);
        return new InFlightCall(lane, request, at, connecting, false, charge, new Charge(at, connecting, 1), List.of());
    }

    private static long offset(Request request) {
        return request.input().offset();
    }
}
