package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.Requests;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.provider.LimitUnit;
import dev.sluice.worker.provider.TokenUsage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LanesTest {
    private static final CallFeedback ANSWER = CallFeedback.PASSED.with(Optional.of(new TokenUsage(10, 10)));

    private final VirtualTime time = new VirtualTime();
    private final Set<Long> over = new HashSet<>();
    private final List<Request> expired = new ArrayList<>();

    @Test
    void lanesAreServedInTurn() {
        Lanes lanes = lanes(8, "none");
        for (int i = 0; i < 4; i++) {
            add(lanes, "a", i);
        }
        add(lanes, "b", 10);
        add(lanes, "c", 20);
        add(lanes, "c", 21);

        assertThat(polled(lanes)).extracting(Request::model).containsExactly("a", "b", "c", "a", "c", "a", "a");
    }

    @Test
    void aStoppedLaneDelaysNoOther() {
        Lanes lanes = lanes(8, "none");
        Request blocked = add(lanes, "a", 1);
        add(lanes, "b", 2);
        lanes.of(blocked).ended(LaneTest.startedAt(time.currentTimeNanos()), CallFeedback.blocked("402"));

        assertThat(laneOf(lanes, "a").stopReason()).isPresent();
        assertThat(laneOf(lanes, "b").stopReason()).isEmpty();
        assertThat(polled(lanes)).extracting(Request::model).containsExactly("b");
        assertThat(lanes.nanosToNext()).isEqualTo(Duration.ofSeconds(1).toNanos());
    }

    @Test
    void theTenantsOfAStoppedLaneTakeNoTurnsFromThoseOfAnother() {
        Lanes lanes = lanes(8, "none");
        for (int i = 0; i < 500; i++) {
            addOfTenant(lanes, "held", "tenant-" + i);
        }
        laneOf(lanes, "held").ended(LaneTest.startedAt(time.currentTimeNanos()), CallFeedback.blocked("402"));

        for (int i = 0; i < 3; i++) {
            addOfTenant(lanes, "flows", "giant");
        }
        addOfTenant(lanes, "flows", "small");

        assertThat(polled(lanes)).extracting(Request::tenant).containsExactly("giant", "small", "giant", "giant");
    }

    @Test
    void oneProbeSpeaksForAllLanesThatAreHeldForTheKey() {
        Lanes lanes = lanes(100, "none");
        for (int i = 0; i < 50; i++) {
            Request request = add(lanes, "model-" + i, i);
            lanes.of(request).ended(LaneTest.startedAt(time.currentTimeNanos()), CallFeedback.blocked("402"));
        }

        int probes = 0;
        for (int second = 0; second < 300; second++) {
            time.pass(Duration.ofSeconds(1));
            for (InFlightCall call = lanes.poll(); call != null; call = lanes.poll()) {
                probes++;
                call.lane().putBack(call.request());
                call.lane().ended(call, CallFeedback.blocked("402"));
            }
        }
        assertThat(probes).as("in five minutes").isBetween(10, 20);

        time.pass(Duration.ofSeconds(30));
        InFlightCall probe = Objects.requireNonNull(lanes.poll());
        assertThat(lanes.poll()).as("another probe").isNull();
        probe.lane().ended(probe, ANSWER);

        assertThat(polled(lanes)).hasSize(49);
    }

    @Test
    void knowsForHowLongEveryLaneThatHasRequestsIsStopped() {
        Lanes lanes = lanes(8, "none");
        time.pass(Duration.ofSeconds(40));
        assertThat(lanes.state(0, true).heldFor()).as("no requests").isZero();
        Request first = add(lanes, "a", 1);
        Request second = add(lanes, "b", 2);
        lanes.of(first).ended(LaneTest.startedAt(time.currentTimeNanos()), CallFeedback.blocked("402"));
        time.pass(Duration.ofSeconds(40));
        assertThat(lanes.state(0, true).heldFor()).as("one flows").isZero();

        lanes.of(second).ended(LaneTest.startedAt(time.currentTimeNanos()), CallFeedback.blocked("402"));
        time.pass(Duration.ofSeconds(40));

        assertThat(lanes.state(0, true).heldFor()).isEqualTo(Duration.ofSeconds(40));
    }

    @Test
    void aLaneIsStillHeldWhileItsRequestsWaitElsewhereForTheirNextCall() {
        Lanes lanes = lanes(8, "none");
        Request request = add(lanes, "a", 1);
        lanes.of(request).ended(LaneTest.startedAt(time.currentTimeNanos()), CallFeedback.blocked("402"));
        lanes.drop(Set.of(request.assignment()));
        lanes.state(0, true);
        time.pass(Duration.ofMinutes(4));
        assertThat(lanes.state(0, true).heldFor()).isEqualTo(Duration.ofMinutes(4));

        time.pass(Duration.ofMinutes(2));

        assertThat(lanes.state(0, true).heldFor()).as("nothing came for long").isZero();
    }

    @Test
    void eachModelHasItsOwnLimit() {
        Lanes lanes = lanes(
                8, new ConfiguredLimits(Map.of("a", ConfiguredLimit.parse("10/s")), ConfiguredLimit.parse("20/s")));
        for (int i = 0; i < 100; i++) {
            add(lanes, "a", i);
            add(lanes, "b", i);
        }

        List<Request> sent = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            time.pass(Duration.ofMillis(50));
            sent.addAll(polled(lanes));
        }

        assertThat(sent).filteredOn(request -> request.model().equals("a")).hasSizeBetween(9, 10);
        assertThat(sent).filteredOn(request -> request.model().equals("b")).hasSizeBetween(19, 20);
    }

    @Test
    void modelsBeyondTheBoundShareTheOverflowLane() {
        Lanes lanes = lanes(2, "10/s");
        for (int i = 0; i < 10; i++) {
            for (String model : List.of("a", "b", "c", "d")) {
                add(lanes, model, i);
            }
        }

        assertThat(laneOf(lanes, "c")).isSameAs(laneOf(lanes, "d")).isNotSameAs(laneOf(lanes, "a"));
        time.pass(Duration.ofMillis(100));
        assertThat(polled(lanes)).extracting(Request::model).containsExactly("a", "b", "c");
        time.pass(Duration.ofMillis(100));
        assertThat(polled(lanes)).extracting(Request::model).containsExactly("a", "b", "d");

        laneOf(lanes, "d").ended(LaneTest.startedAt(time.currentTimeNanos()), CallFeedback.blocked("401"));
        assertThat(laneOf(lanes, "c").stopReason()).isPresent();
        assertThat(laneOf(lanes, "a").stopReason()).isEmpty();
    }

    @Test
    void aModelWithALimitOfItsOwnAlwaysHasItsLane() {
        Lanes lanes = lanes(1, new ConfiguredLimits(Map.of("big", ConfiguredLimit.NONE), ConfiguredLimit.parse("1/s")));
        for (String model : List.of("a", "b", "c")) {
            add(lanes, model, 1);
        }
        laneOf(lanes, "c").ended(LaneTest.startedAt(time.currentTimeNanos()), CallFeedback.blocked("401"));

        for (int i = 0; i < 50; i++) {
            add(lanes, "big", i);
        }

        assertThat(polled(lanes))
                .hasSize(50)
                .allMatch(request -> request.model().equals("big"));
    }

    @Test
    void mistypedNamesTakeNoLaneFromLaterModels() {
        Lanes lanes = lanes(2, "none");
        for (String mistyped : List.of("a", "b")) {
            add(lanes, mistyped, 1);
            answered(lanes, CallFeedback.PASSED);
        }

        add(lanes, "c", 1);
        add(lanes, "d", 1);

        assertThat(laneOf(lanes, "c")).isNotSameAs(laneOf(lanes, "d"));
        assertThat(models(lanes)).containsExactlyInAnyOrder("c", "d");
    }

    @Test
    void aLaneThatHasLearnedIsClosedOnlyAfterMinutesOfIdleness() {
        Lanes lanes = lanes(1, "none");
        add(lanes, "a", 1);
        answered(lanes, ANSWER);
        time.pass(Duration.ofMinutes(5).minusNanos(1));
        add(lanes, "b", 1);
        assertThat(models(lanes)).containsExactlyInAnyOrder("a", "");

        time.passNanos(1);
        add(lanes, "b", 2);

        assertThat(models(lanes)).containsExactlyInAnyOrder("b", "");
    }

    @Test
    void aRateLimitIsSomethingLearned() {
        Lanes lanes = lanes(1, "none");
        add(lanes, "a", 1);
        answered(lanes, CallFeedback.limited(LimitUnit.REQUESTS, Duration.ZERO));

        add(lanes, "b", 1);

        assertThat(models(lanes)).containsExactlyInAnyOrder("a", "");
    }

    @Test
    void theLaneThatHasBeenIdleLongestIsClosedFirst() {
        Lanes lanes = lanes(3, "none");
        for (String model : List.of("a", "b", "c", "a")) {
            add(lanes, model, 1);
            time.pass(Duration.ofSeconds(1));
            answered(lanes, ANSWER);
        }
        time.pass(Duration.ofMinutes(6));

        add(lanes, "d", 1);
        assertThat(models(lanes)).containsExactlyInAnyOrder("a", "c", "d");
        add(lanes, "e", 1);
        assertThat(models(lanes)).containsExactlyInAnyOrder("a", "d", "e");
    }

    @Test
    void aLaneInUseIsNeverClosed() {
        Lanes lanes = lanes(2, "none");
        add(lanes, "under way", 1);
        InFlightCall call = lanes.poll();
        add(lanes, "waits", 1);
        time.pass(Duration.ofHours(1));

        add(lanes, "c", 1);

        assertThat(models(lanes)).containsExactlyInAnyOrder("under way", "waits", "");
        call.lane().ended(call, CallFeedback.PASSED);
        add(lanes, "c", 2);
        assertThat(models(lanes)).containsExactlyInAnyOrder("c", "waits", "");
    }

    @Test
    void aStoppedLaneIsClosedOnlyAfterMinutesOfIdleness() {
        Lanes lanes = lanes(1, "none");
        add(lanes, "a", 1);
        answered(lanes, CallFeedback.blocked("401"));
        time.pass(Duration.ofMinutes(4));
        add(lanes, "b", 1);
        assertThat(lanes.stopReasons()).containsOnlyKeys("a");

        time.pass(Duration.ofMinutes(1));
        add(lanes, "b", 2);

        assertThat(lanes.stopReasons()).isEmpty();
    }

    @Test
    void lanesKeepTheirTurnsWhenOneIsClosed() {
        Lanes lanes = lanes(3, "none");
        for (String model : List.of("a", "b", "c")) {
            add(lanes, model, 1);
        }
        answered(lanes, CallFeedback.PASSED);
        answered(lanes, ANSWER);
        add(lanes, "b", 2);
        add(lanes, "d", 1);

        assertThat(polled(lanes)).extracting(Request::model).containsExactly("c", "b", "d");
    }

    @Test
    void aCallEndsInTheLaneItCameFromEvenIfItsModelHasItsOwnNow() {
        Lanes lanes = lanes(1, "none");
        add(lanes, "a", 1);
        InFlightCall mistyped = lanes.poll();
        add(lanes, "b", 1);
        InFlightCall shared = lanes.poll();
        mistyped.lane().ended(mistyped, CallFeedback.PASSED);
        add(lanes, "b", 2);

        shared.lane().ended(shared, CallFeedback.blocked("401"));

        assertThat(lanes.stopReasons()).containsOnlyKeys("");
        assertThat(polled(lanes)).extracting(LanesTest::offset).containsExactly(2L);
    }

    @Test
    void aShareHoldsForLaterLanes() {
        Lanes lanes = lanes(8, "100/s");
        lanes.changeShare(new LimitShare(1, 10));

        add(lanes, "late", 1);
        add(lanes, "late", 2);
        time.passNanos(lanes.nanosToNext());
        assertThat(polled(lanes)).hasSize(1);

        assertThat(lanes.nanosToNext())
                .isBetween(
                        Duration.ofMillis(100).toNanos(), Duration.ofMillis(105).toNanos());
    }

    @Test
    void theSameShareAgainChangesNothing() {
        Lanes lanes = lanes(8, "10/s");
        add(lanes, "a", 1);
        time.pass(Duration.ofMillis(100));

        lanes.changeShare(LimitShare.ALL);

        assertThat(lanes.poll()).isNotNull();
    }

    @Test
    void expiredRequestsLeaveBeforeATokenIsTakenForThem() {
        Lanes lanes = lanes(8, "10/s");
        add(lanes, "a", 1);
        add(lanes, "a", 2);
        add(lanes, "a", 3);
        over.addAll(Set.of(1L, 2L));
        time.pass(Duration.ofMillis(100));

        assertThat(polled(lanes)).extracting(LanesTest::offset).containsExactly(3L);
        assertThat(expired).extracting(LanesTest::offset).containsExactly(1L, 2L);
    }

    @Test
    void expiredRequestsLeaveAStoppedLaneFromAnyPlace() {
        Lanes lanes = lanes(8, "10/s");
        for (int i = 0; i < 5; i++) {
            add(lanes, "a", i);
        }
        laneOf(lanes, "a").ended(LaneTest.startedAt(time.currentTimeNanos()), CallFeedback.blocked("401"));
        over.addAll(Set.of(1L, 3L));

        lanes.expireAll();

        assertThat(expired).extracting(LanesTest::offset).containsExactly(1L, 3L);
        assertThat(laneOf(lanes, "a").size()).isEqualTo(3);
    }

    @Test
    void dropsRequestsOfAnAssignmentThatIsGone() {
        Lanes lanes = lanes(8, "none");
        Assignment gone = Requests.assigned();
        add(lanes, "a", 1);
        Request stale = Requests.ofModel("a").at(2).under(gone).build();
        lanes.of(stale).add(stale);

        lanes.drop(Set.of(gone));

        assertThat(polled(lanes)).extracting(LanesTest::offset).containsExactly(1L);
        assertThat(lanes.nanosToNext()).isEqualTo(Lane.NEVER);
    }

    private Lanes lanes(int max, String limit) {
        return lanes(max, ConfiguredLimits.each(ConfiguredLimit.parse(limit)));
    }

    private Lanes lanes(int max, ConfiguredLimits limits) {
        Lanes.Expiry expiry = new Lanes.Expiry(request -> over.contains(offset(request)), expired::add);
        AllLanes all = new AllLanes(new CallSlots(1_000_000), Map.of());
        return new Lanes(max, limits, all, time, expiry);
    }

    private static Request add(Lanes lanes, String model, long offset) {
        Request request = Requests.ofModel(model).at(offset).build();
        lanes.of(request).add(request);
        return request;
    }

    private static void addOfTenant(Lanes lanes, String model, String tenant) {
        Request request = Requests.ofModel(model).ofTenant(tenant).build();
        lanes.of(request).add(request);
    }

    /** Starts the next call and ends it. */
    private static void answered(Lanes lanes, CallFeedback feedback) {
        InFlightCall call = lanes.poll();
        call.lane().ended(call, feedback);
    }

    private static List<String> models(Lanes lanes) {
        return lanes.state(0, true).lanes().stream().map(LaneState::model).toList();
    }

    private static Lane laneOf(Lanes lanes, String model) {
        return lanes.of(Requests.ofModel(model).build());
    }

    private static List<Request> polled(Lanes lanes) {
        List<Request> polled = new ArrayList<>();
        for (InFlightCall call = lanes.poll(); call != null; call = lanes.poll()) {
            call.connecting().run();
            polled.add(call.request());
        }
        return polled;
    }

    private static long offset(Request request) {
        return request.input().offset();
    }
}
