package dev.sluice.trials.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code pace} command: measures how much of a rate limit the workers use and how many calls are rejected. */
@Command(
        name = "pace",
        mixinStandardHelpOptions = true,
        description = "How much of a rate limit the workers use, and how many of their calls are rejected with 429. "
                + "Utilisation: what the limit has let pass from the first call to the last, compared with what it "
                + "would have let pass in that time.")
final class PaceCommand implements Callable<Integer> {
    @Option(
            names = "--scenario",
            split = ",",
            paramLabel = "NAME",
            description = "known, unknown, steps, steps-headers, four-known, four-unknown, tokens, tokens-unknown, "
                    + "fast, outage, held (all).")
    private List<String> names = List.of();

    @Option(
            names = "--runs",
            defaultValue = "1",
            description = "Of each scenario; their medians are judged, and of what must never occur the worst "
                    + "(${DEFAULT-VALUE}).")
    private int runs;

    @Option(names = "--plot", paramLabel = "FILE", description = "The plot of the first runs (beside the logs).")
    private @Nullable Path plotFile;

    @Option(
            names = "--outage",
            defaultValue = "120",
            description = "How long the API is out of order in outage and held, in s (${DEFAULT-VALUE}).")
    private int outage;

    @Option(names = "--requests", defaultValue = "600", description = "In the queue of known (${DEFAULT-VALUE}).")
    private int requests;

    @Mixin
    private ScenarioRunner runner = new ScenarioRunner();

    @Override
    public Integer call() throws IOException, InterruptedException {
        runner.within("--runs", runs, 1, 100);
        runner.within("--outage", outage, 5, 3_600);
        runner.within("--requests", requests, 20, 100_000);
        for (String name : names) {
            runner.require(
                    PaceScenarios.names().contains(name),
                    "--scenario",
                    name,
                    "of " + String.join(", ", PaceScenarios.names()));
        }
        return runner.run(this::measure);
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        ScenarioResult result = new ScenarioResult();
        PaceReport report = new PaceReport(result);
        PacePlot plot = new PacePlot();
        Map<String, PaceScenario> all = PaceScenarios.all(requests, outage);
        if (!names.isEmpty()) {
            all.keySet().retainAll(names);
        }
        for (Map.Entry<String, PaceScenario> scenario : all.entrySet()) {
            measure(scenario.getKey(), scenario.getValue(), folder, report).ifPresent(first -> {
                plot.add(title(scenario.getKey(), first), first.traffic());
            });
        }
        Path file = plotFile == null ? folder.resolve("pace.svg") : plotFile.toAbsolutePath();
        Files.createDirectories(file.getParent());
        Files.writeString(file, plot.svg());
        return result.put("plot", file.toString());
    }

    /** Measures a scenario and returns its first run. A failed scenario spoils the result but not the other scenarios. */
    private Optional<PaceOutcome> measure(String name, PaceScenario scenario, Path folder, PaceReport report)
            throws IOException, InterruptedException {
        List<PaceOutcome> outcomes = new ArrayList<>();
        try {
            for (int run = 1; run <= runs; run++) {
                ScenarioRunner.say(name + ", run " + run + " of " + runs);
                outcomes.add(scenario.run(runner, folder.resolve(name + "-" + run)));
            }
        } catch (IllegalStateException e) {
            report.failed(name, String.valueOf(e.getMessage()));
            return Optional.empty();
        }
        report.add(name, outcomes);
        return Optional.of(outcomes.get(0));
    }

    private static String title(String name, PaceOutcome outcome) {
        String used =
                Double.isNaN(outcome.utilisation()) ? "" : ", utilisation " + PaceReport.percent(outcome.utilisation());
        return name + ": " + outcome.limit() + used + ", 429s " + PaceReport.percent(outcome.rejected());
    }
}
