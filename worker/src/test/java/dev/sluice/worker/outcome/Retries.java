package dev.sluice.worker.outcome;

import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.Requests;
import dev.sluice.worker.call.CallResult;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.intake.SuspicionLevel;
import dev.sluice.worker.outcome.OutcomeClassifier.Verdict;
import dev.sluice.worker.pace.LaneEvidence;

/**
 * One request that is called again and again. The headers of each requeue reach the next record as they do on Kafka,
 * and the clock moves on to the time when the request is due.
 */
final class Retries {
    private final OutcomeClassifier outcomes;
    private Request request;
    private long now;
    private int calls;

    Retries(OutcomeClassifier outcomes, long now) {
        this.outcomes = outcomes;
        this.now = now;
        this.request = Requests.ofModel("m").timed(now, 0, Long.MAX_VALUE).build();
    }

    /** Ends the next call of the request, and makes the next record of a requeue. */
    Verdict call(CallResult result, LaneEvidence evidence) {
        calls++;
        Verdict verdict = outcomes.classify(request, result, evidence, now).orElseThrow();
        if (verdict.outcome() instanceof Outcome.Requeue requeue) {
            now = Math.max(now, requeue.notBefore());
            request = again(request.input(), requeue);
        }
        return verdict;
    }

    /** Calls until the outcome is no requeue, or the limit is reached, and returns the last outcome. */
    Outcome callUntilItEnds(CallResult result, LaneEvidence evidence, int limit) {
        Outcome outcome = call(result, evidence).outcome();
        while (outcome instanceof Outcome.Requeue && calls < limit) {
            outcome = call(result, evidence).outcome();
        }
        return outcome;
    }

    private static Request again(InputRecord before, Outcome.Requeue requeue) {
        Requests next = Requests.ofModel("m")
                .counted(requeue.attempts(), requeue.deferrals())
                .timed(before.waitsSince(), requeue.notBefore(), Long.MAX_VALUE);
        boolean isSuspected = !requeue.suspicion().equals(SuspicionLevel.NONE);
        return (isSuspected
                        ? next.withHeader(
                                WireHeaders.SUSPICION, requeue.suspicion().header())
                        : next)
                .build();
    }

    void waitUntil(long later) {
        now = Math.max(now, later);
    }

    int calls() {
        return calls;
    }

    long now() {
        return now;
    }

    SuspicionLevel suspicion() {
        return SuspicionLevel.of(request.input());
    }
}
