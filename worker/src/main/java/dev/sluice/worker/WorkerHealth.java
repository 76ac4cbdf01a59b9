package dev.sluice.worker;

import dev.sluice.worker.intake.Intake;
import dev.sluice.worker.intake.Ownership;
import dev.sluice.worker.observe.HealthChecks;
import dev.sluice.worker.pace.Pace;
import dev.sluice.worker.threads.StageThreads;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Answers health probes about one worker, from what its stages say of themselves. Thread-safe. */
final class WorkerHealth implements HealthChecks {
    private final StageThreads threads;
    private final Duration longestPoll;
    private final Supplier<Ownership> ownership;
    private final BooleanSupplier draining;
    private final Intake intake;
    private final Pace pace;

    /** @param longestPoll a stage whose heartbeat is older than this is taken for stuck */
    WorkerHealth(
            StageThreads threads,
            Duration longestPoll,
            Supplier<Ownership> ownership,
            BooleanSupplier draining,
            Intake intake,
            Pace pace) {
        this.threads = threads;
        this.longestPoll = longestPoll;
        this.ownership = ownership;
        this.draining = draining;
        this.intake = intake;
        this.pace = pace;
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
        return failures;
    }

    @Override
    public List<String> warnings() {
        return pace.stopReasons().entrySet().stream()
                .map(lane -> subject(lane.getKey()) + " held: " + lane.getValue())
                .toList();
    }

    private static String subject(String model) {
        return model.isEmpty() ? "models that share a lane are" : "model " + model + " is";
    }
}
