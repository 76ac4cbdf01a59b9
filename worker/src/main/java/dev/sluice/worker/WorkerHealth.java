package dev.sluice.worker;

import dev.sluice.worker.intake.Intake;
import dev.sluice.worker.intake.Ownership;
import dev.sluice.worker.observe.HealthChecks;
import dev.sluice.worker.pace.Pace;
import dev.sluice.worker.pace.PaceState;
import dev.sluice.worker.pool.PoolLane;
import dev.sluice.worker.pool.WorkerReport;
import dev.sluice.worker.settle.Settle;
import dev.sluice.worker.threads.StageThreads;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Answers health probes about one worker, from what its stages say of themselves. Thread-safe. */
final class WorkerHealth implements HealthChecks {
    /** A worker that has served nobody for this long is not ready. Shorter standstills belong to an ordinary day. */
    private static final Duration STANDSTILL = Duration.ofSeconds(30);

    /** The most workers that one sentence names. */
    private static final int MAX_NAMED = 3;

    private final StageThreads threads;
    private final Duration longestPoll;
    private final Supplier<Ownership> ownership;
    private final BooleanSupplier draining;
    private final Intake intake;
    private final Pace pace;
    private final Settle settle;
    private final Supplier<Map<String, WorkerReport>> others;

    /**
     * @param longestPoll a stage whose heartbeat is older than this is taken for stuck
     * @param others the reports of the other workers by name
     */
    WorkerHealth(
            StageThreads threads,
            Duration longestPoll,
            Supplier<Ownership> ownership,
            BooleanSupplier draining,
            Intake intake,
            Pace pace,
            Settle settle,
            Supplier<Map<String, WorkerReport>> others) {
        this.threads = threads;
        this.longestPoll = longestPoll;
        this.ownership = ownership;
        this.draining = draining;
        this.intake = intake;
        this.pace = pace;
        this.settle = settle;
        this.others = others;
    }

    @Override
    public List<String> livenessFailures() {
        return threads.failures(longestPoll);
    }

    @Override
    public List<String> readinessFailures() {
        List<String> failures = new ArrayList<>();
        if (draining.getAsBoolean()) {
            failures.add("the worker drains");
        }
        if (!ownership.get().isMember()) {
            failures.add("the worker has not joined its group yet");
        }
        failures.addAll(intake.refusals());
        settle.stalled(STANDSTILL).ifPresent(failures::add);
        PaceState state = pace.state();
        if (state.heldFor().compareTo(STANDSTILL) >= 0) {
            failures.add("every model that has requests has been held for "
                    + state.heldFor().toSeconds() + " s");
        }
        Duration paused = intake.pausedFor();
        if (paused.compareTo(STANDSTILL) >= 0 && state.isIdle()) {
            failures.add(pausedWords(paused));
        }
        return failures;
    }

    private String pausedWords(Duration paused) {
        int unwritable = settle.unwritableReplies();
        return "no new requests have been read for " + paused.toSeconds() + " s and nothing is called: "
                + (unwritable > 0
                        ? unwritable + " replies wait for partitions of reply topics that are not available"
                        : "what was read before waits for Kafka");
    }

    @Override
    public List<String> warnings() {
        Stream<String> held = pace.stopReasons().entrySet().stream()
                .map(lane -> subject(lane.getKey()) + " held: " + lane.getValue());
        // A longer stall is a failure.
        Stream<String> stalled =
                settle.stalled(STANDSTILL).isPresent() ? Stream.empty() : settle.stalled(Duration.ZERO).stream();
        return Stream.of(held, heldByOthers(others.get()).stream(), stalled, settle.unwritablePartitions().stream())
                .flatMap(words -> words)
                .toList();
    }

    /** Returns a sentence for each lane that other workers do not call. */
    static List<String> heldByOthers(Map<String, WorkerReport> others) {
        return PoolLane.of(others).stream()
                .filter(PoolLane::isStopped)
                .map(lane -> subject(lane.total().model()) + " held by " + names(lane.worst()) + ": "
                        + lane.total().cause())
                .toList();
    }

    private static String names(List<String> workers) {
        int more = workers.size() - MAX_NAMED;
        return (workers.size() == 1 ? "worker " : "workers ")
                + String.join(", ", workers.subList(0, Math.min(MAX_NAMED, workers.size())))
                + (more > 0 ? " and " + more + " more" : "");
    }

    private static String subject(String model) {
        return model.isEmpty() ? "models that share a lane are" : "model " + model + " is";
    }
}
