package dev.sluice.trials.bench;

import dev.sluice.trials.WorkerProcess;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/** Measures how a program drains a backlog that is already published. */
final class DrainedBacklog {
    static final String RATE = "replies/s";
    static final String COST = "CPU per reply, ms";
    static final String MEMORY = "peak RSS, MiB";
    private static final int PATIENCE_SECONDS = 600;

    private DrainedBacklog() {}

    /**
     * Starts the program and waits until all numbered requests are answered.
     *
     * @return the figures by their names
     */
    static Map<String, Double> figures(BenchRig rig, int requests, Supplier<WorkerProcess> program)
            throws InterruptedException {
        long startedAt = System.currentTimeMillis();
        WorkerProcess process = program.get();
        long first = rig.firstCall();
        long cpuBefore = MachineDescription.cpuMillis(process.pid());
        if (!rig.waitForAnswers(first, PATIENCE_SECONDS)) {
            throw new IllegalStateException("not all is answered within " + PATIENCE_SECONDS + " s");
        }
        double cpu = MachineDescription.cpuMillis(process.pid()) - cpuBefore;
        rig.requireScraped();
        RequestTimes times = rig.times();
        long firstCall = times.numbers().mapToLong(times::calledAt).min().orElseThrow();
        long lastReply = times.numbers().mapToLong(times::repliedAt).max().orElseThrow();
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put(RATE, requests * 1_000.0 / (lastReply - firstCall));
        figures.put(COST, cpu / requests);
        figures.put(MEMORY, process.peakKib() / 1_024.0);
        figures.put("start to first call, ms", (double) (firstCall - startedAt));
        return figures;
    }
}
