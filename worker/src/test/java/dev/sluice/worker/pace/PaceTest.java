package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.worker.Requests;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.provider.LimitUnit;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PaceTest {
    private static final Duration BOUND = Duration.ofSeconds(20);
    private static final int MAX_IN_FLIGHT = 3;

    private final BlockingQueue<Request> called = new LinkedBlockingQueue<>();
    private final BlockingQueue<Request> expired = new LinkedBlockingQueue<>();
    private final AtomicInteger inFlight = new AtomicInteger();
    private final AtomicInteger mostInFlight = new AtomicInteger();
    private final AtomicInteger heartbeats = new AtomicInteger();
    private final Set<Long> over = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean blocking = new AtomicBoolean();
    private final CountDownLatch unblocked = new CountDownLatch(1);
    private final AtomicBoolean room = new AtomicBoolean(true);
    private final Pace pace = new Pace(
            ConfiguredLimits.each(ConfiguredLimit.NONE),
            new Pace.Bounds(2 * MAX_IN_FLIGHT, Map.of(), room::get),
            TimeMeter.SYSTEM_NANOTIME,
            new Pace.Callbacks(request -> over.contains(request.input().offset()), this::call, expired::add),
            heartbeats::incrementAndGet);
    private final Thread thread = new Thread(pace, "pace");

    @BeforeEach
    void start() {
        thread.start();
    }

    @AfterEach
    void stop() throws InterruptedException {
        pace.stop();
        thread.join(BOUND.toMillis());
        assertThat(thread.isAlive()).isFalse();
    }

    @Test
    void noMoreCallsAreInFlightThanAllowed() throws Exception {
        for (int i = 0; i < 100; i++) {
            pace.accept(request(Requests.ASSIGNMENT, i));
        }
        await().atMost(BOUND).until(() -> called.size() == MAX_IN_FLIGHT);

        for (int ended = 0; ended < 100; ended++) {
            Request request = next();
            inFlight.decrementAndGet();
            pace.ended(request, CallFeedback.PASSED);
        }

        handled();
        assertThat(called).isEmpty();
        assertThat(mostInFlight).hasValue(MAX_IN_FLIGHT);
    }

    @Test
    void aLaneWhoseRequestsWaitForCallsToEndIsFull() throws Exception {
        for (int i = 0; i <= MAX_IN_FLIGHT; i++) {
            pace.accept(request(Requests.ASSIGNMENT, i));
        }
        await().atMost(BOUND).until(() -> called.size() == MAX_IN_FLIGHT);
        awaitFlow(LaneState.Flow.FULL);

        pace.ended(next(), CallFeedback.PASSED);

        await().atMost(BOUND).until(() -> called.size() == MAX_IN_FLIGHT);
        awaitFlow(LaneState.Flow.FLOWING);
    }

    @Test
    void aProbeWhoseAnswerHasBegunIsFollowedByAnother() throws Exception {
        pace.accept(request(Requests.ASSIGNMENT, 1));
        pace.ended(next(), CallFeedback.blocked("401"));
        pace.accept(request(Requests.ASSIGNMENT, 2));
        pace.accept(request(Requests.ASSIGNMENT, 3));
        Request probe = next();

        pace.begun(probe);

        Request other = next();
        assertThat(other).isNotEqualTo(probe);
        pace.ended(other, CallFeedback.PASSED);
        pace.ended(probe, CallFeedback.PASSED);
        pace.begun(probe);
        awaitFlow(LaneState.Flow.FLOWING);
    }

    @Test
    void noCallIsStartedWhileThereIsNoRoomForItsAnswer() throws Exception {
        room.set(false);
        pace.accept(request(Requests.ASSIGNMENT, 1));

        handled();
        assertThat(called).isEmpty();
        awaitFlow(LaneState.Flow.FULL);

        room.set(true);
        assertThat(next().input().offset()).isEqualTo(1);
        awaitFlow(LaneState.Flow.FLOWING);
    }

    @Test
    void withdrawingDoesNotWaitForRoom() throws Exception {
        Assignment leaving = Requests.assigned();
        pace.accept(request(leaving, 1));
        Request stillInFlight = next();
        room.set(false);
        pace.accept(request(leaving, 2));

        CompletableFuture<Void> withdrawn = pace.withdraw(Set.of(leaving));
        pace.ended(stillInFlight, CallFeedback.PASSED);

        assertThat(withdrawn).succeedsWithin(BOUND);
        room.set(true);
        handled();
        assertThat(called).isEmpty();
    }

    @Test
    void aStoppedLaneProbesWhenThereIsRoomAgain() throws Exception {
        pace.accept(request(Requests.ASSIGNMENT, 1));
        Request first = next();
        room.set(false);
        pace.putBack(first, CallFeedback.blocked("401"));
        await().atMost(BOUND).until(() -> !pace.stopReasons().isEmpty());
        handled();
        handled();
        assertThat(called).as("its time to probe has come").isEmpty();

        room.set(true);

        pace.ended(next(), CallFeedback.PASSED);
        await().atMost(BOUND).until(() -> pace.stopReasons().isEmpty());
    }

    @Test
    void theSnapshotIsReadWithoutWaitingForTheThread() throws Exception {
        pace.accept(request(Requests.ASSIGNMENT, 1));
        pace.ended(next(), CallFeedback.PASSED);
        awaitFlow(LaneState.Flow.FLOWING);
        await().atMost(BOUND).until(() -> pace.state().inFlight() == 0);

        blocking.set(true);
        pace.accept(request(Requests.ASSIGNMENT, 2));
        next();

        assertThat(pace.state().inFlight()).as("before the call that blocks").isZero();
        assertThat(pace.state().lanes()).hasSize(1);
        unblocked.countDown();
        await().atMost(BOUND).until(() -> pace.state().inFlight() == 1);
    }

    /** Other workers have to know of a rejection at once. */
    @Test
    void aRejectionIsInTheSnapshotOfFiveMillisecondsLater() {
        VirtualTime time = new VirtualTime();
        Pace other = new Pace(
                ConfiguredLimits.each(ConfiguredLimit.NONE),
                new Pace.Bounds(2 * MAX_IN_FLIGHT, Map.of(), () -> true),
                time,
                new Pace.Callbacks(request -> false, this::call, expired::add),
                heartbeats::incrementAndGet);
        Request request = request(Requests.ASSIGNMENT, 1);
        other.accept(request);
        other.step();
        other.publishSnapshot();
        assertThat(other.state().inFlight()).isEqualTo(1);

        other.ended(request, CallFeedback.limited(LimitUnit.REQUESTS, Duration.ZERO));
        other.step();

        assertThat(other.publishSnapshot()).isEqualTo(Duration.ofMillis(5).toNanos());
        assertThat(other.state().inFlight()).isEqualTo(1);
        time.pass(Duration.ofMillis(5));
        other.publishSnapshot();
        assertThat(other.state().inFlight()).isZero();
    }

    @Test
    void beforeItRunsItsSnapshotIsEmpty() {
        Pace idle = new Pace(
                ConfiguredLimits.each(ConfiguredLimit.NONE),
                new Pace.Bounds(2 * MAX_IN_FLIGHT, Map.of(), () -> true),
                TimeMeter.SYSTEM_NANOTIME,
                new Pace.Callbacks(request -> false, this::call, expired::add),
                heartbeats::incrementAndGet);

        idle.accept(request(Requests.ASSIGNMENT, 1));

        assertThat(idle.state()).isEqualTo(PaceState.NONE);
    }

    private void awaitFlow(LaneState.Flow expected) {
        await().atMost(BOUND)
                .until(() -> pace.state().lanes().stream().map(LaneState::flow).toList(), List.of(expected)::equals);
    }

    @Test
    void beatsEvenIfThereIsNothingToDo() {
        int before = heartbeats.get();

        await().atMost(BOUND).until(() -> heartbeats.get() > before + 1);
    }

    @Test
    void withdrawingDropsWaitingRequestsAndCompletesWhenTheCallsHaveEnded() throws Exception {
        Assignment leaving = Requests.assigned();
        for (int i = 0; i < 10; i++) {
            pace.accept(request(leaving, i));
        }
        Request first = next();
        Request second = next();
        Request third = next();
        pace.accept(request(Requests.ASSIGNMENT, 100));

        CompletableFuture<Void> withdrawn = pace.withdraw(Set.of(leaving));
        pace.ended(first, CallFeedback.PASSED);
        pace.putBack(second, CallFeedback.PASSED);
        Request other = next();

        assertThat(other.input().offset()).isEqualTo(100);
        handled();
        assertThat(withdrawn).isNotDone();
        pace.ended(third, CallFeedback.CANCELLED);
        assertThat(withdrawn).succeedsWithin(BOUND);
        pace.ended(other, CallFeedback.PASSED);
        handled();
        assertThat(called).isEmpty();
    }

    @Test
    void aRequestPutBackByTheLastCallOfAWithdrawalIsDropped() throws Exception {
        Assignment leaving = Requests.assigned();
        pace.accept(request(leaving, 1));
        Request last = next();

        CompletableFuture<Void> withdrawn = pace.withdraw(Set.of(leaving));
        pace.putBack(last, CallFeedback.PASSED);

        assertThat(withdrawn).succeedsWithin(BOUND);
        handled();
        assertThat(called).isEmpty();
    }

    @Test
    void withdrawingWithoutCallsCompletesAtOnce() {
        assertThat(pace.withdraw(Set.of(Requests.assigned()))).succeedsWithin(BOUND);
        assertThat(pace.withdraw(Set.of())).succeedsWithin(BOUND);
    }

    @Test
    void aRequestThatIsPutBackIsCalledAgain() throws Exception {
        pace.accept(request(Requests.ASSIGNMENT, 1));
        Request request = next();

        pace.putBack(request, CallFeedback.PASSED);

        assertThat(next()).isSameAs(request);
    }

    @Test
    void aStoppedLaneIsSeenFromOutsideAndProbes() throws Exception {
        pace.accept(request(Requests.ASSIGNMENT, 1));
        Request first = next();
        pace.putBack(first, CallFeedback.blocked("401"));
        await().atMost(BOUND).until(() -> pace.stopReasons().equals(Map.of("m", "401")));

        Request probe = next();
        assertThat(pace.evidence(probe).isStopped()).isTrue();

        pace.ended(probe, CallFeedback.PASSED);
        await().atMost(BOUND).until(() -> pace.stopReasons().isEmpty());
    }

    @Test
    void expiredRequestsAreHandedOverEvenIfNothingCanBeSent() throws Exception {
        for (int i = 0; i <= MAX_IN_FLIGHT; i++) {
            pace.accept(request(Requests.ASSIGNMENT, i));
        }
        await().atMost(BOUND).until(() -> called.size() == MAX_IN_FLIGHT);

        over.add((long) MAX_IN_FLIGHT);

        Request waiting = expired.poll(BOUND.toSeconds(), TimeUnit.SECONDS);
        assertThat(waiting).isNotNull();
        assertThat(waiting.input().offset()).isEqualTo(MAX_IN_FLIGHT);
    }

    private Request next() throws InterruptedException {
        Request request = called.poll(BOUND.toSeconds(), TimeUnit.SECONDS);
        assertThat(request).as("a call").isNotNull();
        return request;
    }

    private void call(Request request, Runnable onSend) {
        mostInFlight.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
        called.add(request);
        if (blocking.get()) {
            try {
                unblocked.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Returns when every earlier message has been handled and the calls it allows have started. Messages are taken
     * between two rounds of calls, so that a second marker expires only after the first one's round.
     */
    private void handled() throws InterruptedException {
        for (long marker = -2; marker < 0; marker++) {
            over.add(marker);
            pace.accept(request(Requests.ASSIGNMENT, marker));
            assertThat(expired.poll(BOUND.toSeconds(), TimeUnit.SECONDS)).isNotNull();
        }
    }

    private static Request request(Assignment assignment, long offset) {
        return Requests.ofModel("m").under(assignment).at(offset).build();
    }
}
