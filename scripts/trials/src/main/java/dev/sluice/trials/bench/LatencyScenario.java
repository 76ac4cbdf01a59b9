package dev.sluice.trials.bench;

import dev.sluice.sandbox.LatencyModel;
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

/** How long a request takes from its producer to its reply's reader. */
@Command(
        name = "latency",
        mixinStandardHelpOptions = true,
        description =
                "Requests at a steady rate, whatever becomes of them: time from when a producer hands one over until "
                        + "a read_committed reader has its reply. In parentheses the ratio to the floor.")
final class LatencyScenario implements Callable<Integer> {
    private static final int PARTITIONS = 12;
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @Option(names = "--rate", defaultValue = "50", description = "Requests per second (${DEFAULT-VALUE}).")
    private int rate;

    @Option(names = "--latency", defaultValue = "50", description = "Of the stand-in, in ms (${DEFAULT-VALUE}).")
    private int latency;

    @Option(names = "--warm-up", defaultValue = "10", description = "Seconds that do not count (${DEFAULT-VALUE}).")
    private int warmUp;

    @Option(names = "--seconds", defaultValue = "30", description = "Seconds that do (${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--p50", defaultValue = "72", description = "Sluice's bound, in ms (${DEFAULT-VALUE}).")
    private long p50;

    @Option(names = "--p99", defaultValue = "100", description = "Sluice's bound, in ms (${DEFAULT-VALUE}).")
    private long p99;

    @Mixin
    private ContenderRounds contest = new ContenderRounds();

    @Override
    public Integer call() throws IOException, InterruptedException {
        contest.bench().within("--rate", rate, 1, 2_000);
        contest.bench().within("--latency", latency, 0, 60_000);
        contest.bench().within("--warm-up", warmUp, 0, 600);
        contest.bench().within("--seconds", seconds, 1, 3_600);
        return contest.run(this::measure);
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        ContenderComparison comparison = contest.compare(folder, this::round);
        ScenarioResult result = new ScenarioResult();
        comparison.show(result);
        comparison.bound(result, Contender.SLUICE, "p50, ms", p50);
        comparison.bound(result, Contender.SLUICE, "p99, ms", p99);
        return result;
    }

    private Map<String, Double> round(Contender contender, Path folder) throws IOException, InterruptedException {
        RequestTimes ledger = new RequestTimes(rate * (warmUp + seconds + 2 * (int) PATIENCE.toSeconds()));
        try (BenchRig rig = contest.rig(contender, folder, ledger)) {
            BenchRig.Ends ends = rig.open(PARTITIONS, LatencyModel.fixed(Duration.ofMillis(latency)));
            contest.bench().warmUp(ends);
            WorkerProcess process = contender.start(rig, ends, contest.inFlight(), contest.heapMib());
            rig.awaitServing(ends);
            SteadyLoad load = rig.starts(new SteadyLoad(ends.publisher(), PARTITIONS, rate, place -> 0).start());
            Thread.sleep(Duration.ofSeconds(warmUp).toMillis());
            int from = ledger.published();
            long cpuBefore = MachineDescription.cpuMillis(process.pid());
            Thread.sleep(Duration.ofSeconds(seconds).toMillis());
            double cpu = MachineDescription.cpuMillis(process.pid()) - cpuBefore;
            load.close();
            int to = ledger.published();
            BenchRig.await("all replies", PATIENCE, ledger::isAnswered);
            Percentiles times = Percentiles.of(ledger.numbers()
                    .skip(from)
                    .mapToLong(number -> ledger.repliedAt(number) - ledger.publishedAt(number)));
            Map<String, Double> shown = new LinkedHashMap<>();
            shown.put("p50, ms", (double) times.at(50));
            shown.put("p99, ms", (double) times.at(99));
            shown.put("most, ms", (double) times.at(100));
            shown.put("CPU per reply, ms", cpu / (to - from));
            return shown;
        }
    }
}
