package dev.sluice.trials.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
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
            description = "known, unknown, steps, steps-headers, group, two-known, two-steps, four-known, "
                    + "four-one-key, eight-known, four-unknown, eight-unknown, four-slow, four-steps, by-minute, "
                    + "stranger, four-stranger, tokens, tokens-unknown, fast, outage, held (all).")
    private List<String> names = List.of();

    @Option(
            names = "--runs",
            defaultValue = "1",
            description = "Of each scenario; their medians are judged, and of what must never occur the worst "
                    + "(${DEFAULT-VALUE}).")
    private int runs;

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
        Map<String, PaceScenario> all = PaceScenarios.all(requests, outage);
        if (!names.isEmpty()) {
            all.keySet().retainAll(names);
        }
        for (Map.Entry<String, PaceScenario> scenario : all.entrySet()) {
            measure(scenario.getKey(), scenario.getValue(), folder, report);
        }
        return result;
    }

    /** Measures a scenario. If it fails it spoils the result, but not the other scenarios. */
    private void measure(String name, PaceScenario scenario, Path folder, PaceReport report)
            throws IOException, InterruptedException {
        List<PaceOutcome> outcomes = new ArrayList<>();
        try {
            for (int run = 1; run <= runs; run++) {
                ScenarioRunner.say(name + ", run " + run + " of " + runs);
                outcomes.add(scenario.run(runner, folder.resolve(name + "-" + run)));
            }
        } catch (IllegalStateException e) {
            report.failed(name, String.valueOf(e.getMessage()));
            return;
        }
        report.add(name, outcomes);
    }
}
