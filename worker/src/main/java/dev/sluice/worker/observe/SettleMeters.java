package dev.sluice.worker.observe;

import dev.sluice.wire.Reason;
import dev.sluice.wire.Topics.Tier;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.outcome.Outcome;
import dev.sluice.worker.settle.SettleListener;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Clock;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Meters of what is committed on Kafka. Owned by the settle thread, which reports to them. */
final class SettleMeters implements SettleListener {
    private static final String RETRY = "retry";

    private final MeterRegistry registry;
    private final Clock clock;
    private final Counter replies;
    private final Map<Reason, Counter> deadLetters = new EnumMap<>(Reason.class);
    private final Map<Reason, Counter> unawaited = new EnumMap<>(Reason.class);
    private final Map<RequeueLabels, Counter> requeues = new HashMap<>();
    private final Counter moves;
    private final Timer answered;
    private final Timer failed;
    private final Timer commits;
    private final Counter aborts;

    /** The reason why a request was put back on Kafka. */
    private enum Cause {
        ATTEMPT,
        DEFERRAL,
        NOT_DUE
    }

    private record RequeueLabels(String tier, Cause cause) {}

    /** Registers all counters whose labels are known. A counter that appears with the value 1 never seems to rise. */
    SettleMeters(MeterRegistry registry, Clock clock) {
        this.registry = registry;
        this.clock = clock;
        this.replies = Counter.builder("sluice.replies")
                .description("Replies that are committed, without failed ones")
                .register(registry);
        for (Reason reason : EnumSet.complementOf(EnumSet.of(Reason.CANCELLED))) {
            deadLetters.put(
                    reason,
                    Counter.builder("sluice.dead.letters")
                            .description("Dead letters that are committed, each with a failed reply")
                            .tag("reason", reason.word())
                            .register(registry));
        }
        for (Reason reason : Reason.values()) {
            unawaited.put(
                    reason,
                    Counter.builder("sluice.unawaited.requests")
                            .description(
                                    "Failed replies without a dead letter that are committed, since nobody needs one")
                            .tag("reason", reason.word())
                            .register(registry));
        }
        for (Cause cause : Cause.values()) {
            requeues.put(new RequeueLabels(RETRY, cause), requeues(new RequeueLabels(RETRY, cause)));
        }
        this.moves = Counter.builder("sluice.moves")
                .description("Requests moved to the overflow topic, since others lay behind them")
                .register(registry);
        this.answered = endToEnd("ok");
        this.failed = endToEnd("failed");
        this.commits = Timer.builder("sluice.commit.duration")
                .description("Transactions that were committed, from their begin to their end")
                .serviceLevelObjectives(HistogramBuckets.COMMITS)
                .register(registry);
        this.aborts = Counter.builder("sluice.commit.aborts")
                .description("Transactions that were aborted; what was in them is tried again")
                .register(registry);
    }

    private Timer endToEnd(String status) {
        return Timer.builder("sluice.request.duration")
                .description(
                        "From when a request was published, or may be called at the earliest, to its committed reply")
                .serviceLevelObjectives(HistogramBuckets.WAITS)
                .tag("status", status)
                .register(registry);
    }

    @Override
    public void transactionEnded(boolean committed, long nanos) {
        if (committed) {
            commits.record(nanos, TimeUnit.NANOSECONDS);
        } else {
            aborts.increment();
        }
    }

    @Override
    public void committed(InputRecord input, Outcome outcome, long knownAtMillis) {
        if (outcome instanceof Outcome.Reply) {
            replies.increment();
            ended(input, answered);
        } else if (outcome instanceof Outcome.DeadLetter dead) {
            Counter counter = deadLetters.get(dead.reason());
            if (counter != null) {
                counter.increment();
            }
            ended(input, failed);
        } else if (outcome instanceof Outcome.Unawaited ending) {
            Counter counter = unawaited.get(ending.reason());
            if (counter != null) {
                counter.increment();
            }
            ended(input, failed);
        } else if (outcome instanceof Outcome.Requeue requeue) {
            requeued(input, requeue);
        } else if (outcome instanceof Outcome.Move) {
            moves.increment();
        }
    }

    private void ended(InputRecord input, Timer timer) {
        timer.record(Math.max(0, clock.millis() - input.waitsSince()), TimeUnit.MILLISECONDS);
    }

    private void requeued(InputRecord input, Outcome.Requeue requeue) {
        Cause cause = requeue.attempts() > input.attempts()
                ? Cause.ATTEMPT
                : requeue.deferrals() > input.deferrals() ? Cause.DEFERRAL : Cause.NOT_DUE;
        String tier = requeue.tier().map(Tier::word).orElse(RETRY);
        requeues.computeIfAbsent(new RequeueLabels(tier, cause), this::requeues).increment();
    }

    private Counter requeues(RequeueLabels labels) {
        return Counter.builder("sluice.requeues")
                .description("Requests put back on Kafka: after a failed attempt, a deferral (429), or as not due yet")
                .tag("tier", labels.tier())
                .tag("cause", labels.cause().name().toLowerCase(Locale.ROOT))
                .register(registry);
    }
}
