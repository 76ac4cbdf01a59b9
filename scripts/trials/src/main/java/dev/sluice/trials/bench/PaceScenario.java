package dev.sluice.trials.bench;

import java.io.IOException;
import java.nio.file.Path;

/** One load under one limit. */
@FunctionalInterface
interface PaceScenario {
    /**
     * Runs it once; nothing that it has started is left behind.
     *
     * @param folder for logs
     * @throws IllegalStateException if there is nothing to judge
     */
    PaceOutcome run(BenchScenario bench, Path folder) throws IOException, InterruptedException;
}
