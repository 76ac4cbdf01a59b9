package dev.sluice.trials.bench;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.trials.WorkerProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How fast a backlog is answered where nothing limits it but the machine. */
@Command(
        name = "throughput",
        mixinStandardHelpOptions = true,
        description =
                "A backlog without any limit, against a stand-in with a fixed latency: replies per second from the "
                        + "first call to the last reply that a read_committed reader sees, processor time, memory. In "
                        + "parentheses the ratio to the floor, a program without any guarantee.")
final class ThroughputScenario implements Callable<Integer> {
    private static final int PATIENCE_SECONDS = 600;
    private static final String RATE = "replies/s";
    /** What being watched leaves of the rate, in per cent. */
    private static final int OBSERVED = 97;

    @Option(names = "--requests", defaultValue = "20000", description = "In the queue (${DEFAULT-VALUE}).")
    private int requests;

    @Option(names = "--bytes", defaultValue = "1024", description = "Of each (${DEFAULT-VALUE}).")
    private int bytes;

    @Option(
            names = "--behind",
            defaultValue = "0",
            description = "How many more small ones wait behind those that are measured (${DEFAULT-VALUE}).")
    private int behind;

    @Option(names = "--latency", defaultValue = "50", description = "Of the stand-in, in ms (${DEFAULT-VALUE}).")
    private int latency;

    @Option(
            names = "--bound",
            defaultValue = "95",
            description = "Least ratio of sluice's rate to the floor's, in per cent (${DEFAULT-VALUE}).")
    private int bound;

    @Mixin
    private ContenderRounds contest = new ContenderRounds();

    @Override
    public Integer call() throws IOException, InterruptedException {
        contest.bench().within("--requests", requests, 1, 1_000_000);
        contest.bench().within("--bytes", bytes, 1, 1_000_000);
        contest.bench().within("--behind", behind, 0, 100_000_000);
        contest.bench().within("--latency", latency, 0, 60_000);
        return contest.run(this::measure);
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        ContenderComparison comparison = contest.compare(folder, this::round);
        ScenarioResult result = new ScenarioResult();
        comparison.show(result);
        if (comparison.rounds().containsKey(Contender.SLUICE)) {
            comparison
                    .floor(RATE)
                    .ifPresent(
                            floor -> result.bound(missing(comparison, Contender.SLUICE, "the floor's", floor, bound)));
            if (comparison.rounds().containsKey(Contender.SLUICE_OBSERVED)) {
                double unobserved = comparison.median(Contender.SLUICE, RATE);
                result.bound(missing(
                        comparison, Contender.SLUICE_OBSERVED, "that of one nobody watches", unobserved, OBSERVED));
            }
        }
        return result;
    }

    private static MeasuredBound missing(
            ContenderComparison comparison, Contender contender, String whose, double rate, int percent) {
        return new MeasuredBound(
                contender + ": rate missing to " + whose + ", per mille",
                PaceOutcome.perMille(1 - comparison.median(contender, RATE) / rate),
                1_000L - percent * 10L);
    }

    private Map<String, Double> round(Contender contender, Path folder) throws IOException, InterruptedException {
        StandInSettings settings = StandInSettings.DEFAULT.withLatency(LatencyModel.fixed(Duration.ofMillis(latency)));
        try (PaceRun run = contest.prepare(contender, folder, requests, settings)) {
            run.publish(contender.isObserved(), number -> PacedBodies.sized(number, bytes));
            run.publishBehind(behind);
            long startedAt = System.currentTimeMillis();
            WorkerProcess process = run.start(contender, contest);
            long first = run.firstCall();
            long cpuBefore = MachineDescription.cpuMillis(process.pid());
            if (!run.answeredBefore(first, PATIENCE_SECONDS)) {
                throw new IllegalStateException(contender + " has not answered all within " + PATIENCE_SECONDS + " s");
            }
            double cpu = MachineDescription.cpuMillis(process.pid()) - cpuBefore;
            run.requireScraped();
            RequestTimes ledger = run.ledger();
            long firstCall = ledger.numbers().mapToLong(ledger::calledAt).min().orElseThrow();
            long lastReply = ledger.numbers().mapToLong(ledger::repliedAt).max().orElseThrow();
            Map<String, Double> shown = new LinkedHashMap<>();
            shown.put(RATE, requests * 1_000.0 / (lastReply - firstCall));
            shown.put("CPU per reply, ms", cpu / requests);
            shown.put("peak RSS, MiB", MachineDescription.peakKib(process.pid()) / 1_024.0);
            shown.put("start to first call, ms", (double) (firstCall - startedAt));
            return shown;
        }
    }
}
