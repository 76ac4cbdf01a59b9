package dev.sluice.worker.pace;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.Requests;
import dev.sluice.worker.call.CallResult;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.intake.SuspicionLevel;
import dev.sluice.worker.outcome.Outcome;
import dev.sluice.worker.outcome.OutcomeClassifier;
import dev.sluice.worker.pool.LentShares;
import dev.sluice.worker.pool.LimitPart;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Runs one lane and the classifier of outcomes against an API that is a function, in virtual time. Requests that are
 * requeued come back when they are due, as they do over the retry topic. The same seed gives the same run.
 */
final class LaneTraffic {
    private static final long EPOCH = 1_800_000_000_000L;
    private static final long MILLI = 1_000_000L;
    private static final long CALL_NANOS = 50 * MILLI;
    /** Calls are begun no more often than this, as the pace thread is not always on time. */
    private static final long TICK = MILLI;

    private static final int MAX_ATTEMPTS = 5;
    /** Requests from this offset on are ordinary ones, the others are those that a test watches. */
    static final long ORDINARY = 1_000;

    private final VirtualTime time = new VirtualTime();
    private final AllLanes all = new AllLanes(new CallSlots(1_000_000), Map.of());
    private final PriorityQueue<Event> events = new PriorityQueue<>(Comparator.comparingLong(Event::at));
    private final Map<String, Integer> calls = new TreeMap<>();
    private final Map<String, String> dead = new TreeMap<>();
    private final OutcomeClassifier outcomes;
    private final Lane lane;
    private long nextOrdinary = ORDINARY;
    private int answered;

    private record Event(long at, Runnable action) {}

    LaneTraffic(String limit, long seed) {
        Random random = new Random(seed);
        this.outcomes = new OutcomeClassifier(MAX_ATTEMPTS, Optional.empty(), random::nextDouble);
        this.lane = new Lane("m", ConfiguredLimit.parse(limit), time, LimitShare.ALL, all);
    }

    /** Changes the part of the limit that belongs to the worker. */
    void own(int bundles, int width) {
        lane.changeShare(new LimitShare(bundles, width));
    }

    /** Changes the part of the limit that may be spent because others do not. */
    void lend(double part) {
        LimitPart named = new LimitPart.Named(part, 0);
        lane.lend(new LentShares.Parts(named, named));
    }

    /** Adds a request that a test watches. */
    LaneTraffic add(long offset) {
        lane.add(Requests.ofModel("m")
                .at(offset)
                .timed(millis(), 0, Long.MAX_VALUE)
                .build());
        return this;
    }

    LaneTraffic addOrdinary(int count) {
        for (int i = 0; i < count; i++) {
            add(nextOrdinary++);
        }
        return this;
    }

    /** Runs for a time in which there is always a backlog of ordinary requests. Returns how many were answered. */
    int runWithBacklog(Duration duration, Function<Request, CallResult> api) {
        int before = answered;
        long seconds = duration.toSeconds();
        for (long i = 0; i < seconds; i++) {
            addOrdinary(Math.max(0, 300 - lane.size()));
            run(Duration.ofSeconds(1), api);
        }
        return answered - before;
    }

    /** Runs for a time. Returns how many requests were answered. */
    int run(Duration duration, Function<Request, CallResult> api) {
        int before = answered;
        long end = time.currentTimeNanos() + duration.toNanos();
        while (time.currentTimeNanos() < end) {
            while (!events.isEmpty() && events.peek().at() <= time.currentTimeNanos()) {
                events.poll().action().run();
            }
            for (InFlightCall call = lane.poll(); call != null; call = lane.poll()) {
                start(call, api);
            }
            long wait = Math.max(TICK, Math.min(lane.nanosToNext(), end - time.currentTimeNanos()));
            long toNext = events.isEmpty() ? wait : events.peek().at() - time.currentTimeNanos();
            time.passNanos(Math.max(1, Math.min(wait, toNext)));
        }
        return answered - before;
    }

    /** Records calls of another lane that passed. */
    void passInOtherLanes(int count) {
        for (int i = 0; i < count; i++) {
            all.calls().add("other-" + i, null, true, time.currentTimeNanos());
        }
    }

    private void start(InFlightCall call, Function<Request, CallResult> api) {
        call.connecting().run();
        calls.merge(call.request().input().id(), 1, Integer::sum);
        CallResult result = api.apply(call.request());
        long takes = result instanceof CallResult.Failed failed ? failed.tookMillis() * MILLI : CALL_NANOS;
        events.add(new Event(time.currentTimeNanos() + takes, () -> end(call, result)));
    }

    private void end(InFlightCall call, CallResult result) {
        Request request = call.request();
        OutcomeClassifier.Verdict verdict = outcomes.classify(request, result, lane.evidence(call), millis())
                .orElseThrow();
        Outcome outcome = verdict.outcome();
        if (outcome instanceof Outcome.Hold) {
            lane.putBack(request);
        } else if (outcome instanceof Outcome.Reply) {
            answered++;
        } else if (outcome instanceof Outcome.DeadLetter letter) {
            dead.put(request.input().id(), letter.reason().word());
        } else if (outcome instanceof Outcome.Requeue requeue) {
            requeue(request, requeue);
        }
        lane.ended(call, verdict.feedback());
    }

    private void requeue(Request request, Outcome.Requeue requeue) {
        Requests again = Requests.ofModel("m")
                .at(request.input().offset())
                .withHeader(WireHeaders.ID, request.input().id())
                .counted(requeue.attempts(), requeue.deferrals())
                .timed(request.input().waitsSince(), requeue.notBefore(), Long.MAX_VALUE);
        Request next = (requeue.suspicion().equals(SuspicionLevel.NONE)
                        ? again
                        : again.withHeader(
                                WireHeaders.SUSPICION, requeue.suspicion().header()))
                .build();
        long wait = Math.max(0, requeue.notBefore() - millis()) * MILLI;
        events.add(new Event(time.currentTimeNanos() + wait, () -> lane.add(next)));
    }

    long millis() {
        return EPOCH + time.sinceStart().toMillis();
    }

    /** Returns the reasons of the requests that ended as dead letters, by id. */
    Map<String, String> dead() {
        return dead;
    }

    int answered() {
        return answered;
    }

    int calls() {
        return calls.values().stream().mapToInt(i -> i).sum();
    }

    int calls(long offset) {
        return calls.getOrDefault("id-" + offset, 0);
    }

    int mostCalls() {
        return calls.values().stream().mapToInt(i -> i).max().orElse(0);
    }

    static CallResult ok() {
        return status(
                200,
                "{\"choices\":[{\"message\":{\"content\":\"x\"}}],"
                        + "\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":100}}",
                Map.of());
    }

    static CallResult status(int status, String body, Map<String, String> headers) {
        return new CallResult.Answered(status, headers, body.getBytes(UTF_8), 5);
    }

    static CallResult timeout(Duration took) {
        return new CallResult.Failed("timeout", "timed out", true, took.toMillis());
    }
}
