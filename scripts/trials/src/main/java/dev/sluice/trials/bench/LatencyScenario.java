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

/** The {@code latency} command: measures the time from a request's producer to the reader of its reply. */
@Command(
        name = "latency",
        mixinStandardHelpOptions = true,
        description =
                "Requests at a steady rate, whatever becomes of them: time from when a producer hands one over until "
                        + "a read_committed reader has its reply. In parentheses the ratio to the floor.")
final class LatencyScenario implements Callable<Integer> {
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
    private ContenderRounds rounds = new ContenderRounds();

    @Override
    public Integer call() throws IOException, InterruptedException {
        rounds.runner().within("--rate", rate, 1, 2_000);
        rounds.runner().within("--latency", latency, 0, 60_000);
        rounds.runner().within("--warm-up", warmUp, 0, 600);
        rounds.runner().within("--seconds", seconds, 1, 3_600);
        return rounds.run(this::measure);
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        ContenderComparison comparison = rounds.compare(folder, this::round);
        ScenarioResult result = new ScenarioResult();
        comparison.show(result);
        comparison.bound(result, Contender.SLUICE, "p50, ms", p50);
        comparison.bound(result, Contender.SLUICE, "p99, ms", p99);
        return result;
    }

    private Map<String, Double> round(Contender contender, Path folder) throws IOException, InterruptedException {
        RequestTimes times = new RequestTimes(rate * (warmUp + seconds + 2 * (int) PATIENCE.toSeconds()));
        StandInSettings settings = StandInSettings.DEFAULT.withLatency(LatencyModel.fixed(Duration.ofMillis(latency)));
        try (BenchRig rig = rounds.rig(contender, folder, times, settings)) {
            rounds.runner().warmUp(rig);
            WorkerProcess process = rounds.start(contender, rig);
            rig.awaitServing();
            SteadyLoad load = rig.load(rate, place -> rig.publisher().publish(0));
            Thread.sleep(Duration.ofSeconds(warmUp).toMillis());
            int from = times.published();
            long cpuBefore = MachineDescription.cpuMillis(process.pid());
            Thread.sleep(Duration.ofSeconds(seconds).toMillis());
            double cpu = MachineDescription.cpuMillis(process.pid()) - cpuBefore;
            load.close();
            int to = times.published();
            rig.awaitAnswers(PATIENCE);
            Percentiles latencies = Percentiles.of(times.numbers()
                    .skip(from)
                    .mapToLong(number -> times.repliedAt(number) - times.publishedAt(number)));
            Map<String, Double> figures = new LinkedHashMap<>();
            figures.put("p50, ms", (double) latencies.at(50));
            figures.put("p99, ms", (double) latencies.at(99));
            figures.put("most, ms", (double) latencies.at(100));
            figures.put("CPU per reply, ms", cpu / (to - from));
            return figures;
        }
    }
}
