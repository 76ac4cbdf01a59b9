package dev.sluice.trials.bench;

import java.io.IOException;
import java.nio.file.Path;

/** A load under a limit, which {@code pace} measures. */
@FunctionalInterface
interface PaceScenario {
    /**
     * Runs it once and stops everything that it has started.
     *
     * @param folder the folder for logs
     * @throws IllegalStateException if there is nothing to judge
     */
    PaceOutcome run(ScenarioRunner runner, Path folder) throws IOException, InterruptedException;
}
