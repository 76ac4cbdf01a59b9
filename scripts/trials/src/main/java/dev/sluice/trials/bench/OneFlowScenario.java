package dev.sluice.trials.bench;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.StandInSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code one-flow} scenario: measures whether it costs anything that very many requests of one flow wait. */
@Command(
        name = "one-flow",
        mixinStandardHelpOptions = true,
        description = "A backlog of one model and tenant without any limit, once with few and once with very many of "
                + "the same waiting behind it, in turns: replies per second, memory, and that nothing moves to the "
                + "overflow topic.")
final class OneFlowScenario implements Callable<Integer> {
    private static final Duration LATENCY = Duration.ofMillis(50);
    private static final int IN_FLIGHT = 256;
    private static final long BOUND_PER_MILLE = 20;

    @Option(
            names = "--requests",
            defaultValue = "120000",
            description = "Of the backlog that is measured, about a minute's (${DEFAULT-VALUE}).")
    private int requests;

    @Option(names = "--bytes", defaultValue = "1024", description = "Of each of them (${DEFAULT-VALUE}).")
    private int bytes;

    @Option(
            names = "--waiting",
            defaultValue = "1000000",
            description = "Small ones that wait behind it (${DEFAULT-VALUE}).")
    private int waiting;

    @Option(names = "--baseline", defaultValue = "10000", description = "The few instead (${DEFAULT-VALUE}).")
    private int baseline;

    @Option(names = "--runs", defaultValue = "3", description = "Of each; medians count (${DEFAULT-VALUE}).")
    private int runs;

    @Mixin
    private ScenarioRunner runner = new ScenarioRunner();

    @Override
    public Integer call() throws IOException, InterruptedException {
        runner.within("--requests", requests, 1, 1_000_000);
        runner.within("--bytes", bytes, 1, 1_000_000);
        runner.within("--waiting", waiting, 0, 100_000_000);
        runner.within("--baseline", baseline, 0, 100_000_000);
        runner.within("--runs", runs, 1, 9);
        return runner.run(this::measure);
    }

    /** The figures of one run. */
    private record FlowRun(double rate, double memory, long moved) {}

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        List<FlowRun> few = new ArrayList<>();
        List<FlowRun> many = new ArrayList<>();
        for (int run = 1; run <= runs; run++) {
            ScenarioRunner.say("run " + run + " of " + runs);
            few.add(run(folder.resolve("few-" + run), baseline));
            many.add(run(folder.resolve("many-" + run), waiting));
        }
        double rate = median(many, FlowRun::rate) / median(few, FlowRun::rate);
        double memory = median(many, FlowRun::memory) / median(few, FlowRun::memory);
        return new ScenarioResult()
                .row(baseline + " waiting", cells(few))
                .row(waiting + " waiting", cells(many))
                .bound(new MeasuredBound(
                        "rate missing to that with few, per mille", PaceOutcome.perMille(1 - rate), BOUND_PER_MILLE))
                .bound(new MeasuredBound(
                        "memory above that with few, per mille", PaceOutcome.perMille(memory - 1), BOUND_PER_MILLE))
                .bound(MeasuredBound.none("moved", moved(few) + moved(many)));
    }

    private static Map<String, String> cells(List<FlowRun> done) {
        Map<String, String> cells = new LinkedHashMap<>();
        cells.put(DrainedBacklog.RATE, "%.0f".formatted(median(done, FlowRun::rate)));
        cells.put(DrainedBacklog.MEMORY, "%.0f".formatted(median(done, FlowRun::memory)));
        cells.put("moved", Long.toString(moved(done)));
        return cells;
    }

    private static double median(List<FlowRun> done, ToDoubleFunction<FlowRun> figure) {
        double[] sorted = done.stream().mapToDouble(figure).sorted().toArray();
        return sorted[(sorted.length - 1) / 2];
    }

    private static long moved(List<FlowRun> done) {
        return done.stream().mapToLong(FlowRun::moved).sum();
    }

    private FlowRun run(Path folder, int behind) throws IOException, InterruptedException {
        StandInSettings settings = StandInSettings.DEFAULT.withLatency(LatencyModel.fixed(LATENCY));
        try (BenchRig rig = runner.backlogRig(folder, requests, settings, BenchRig.HEAP)) {
            rig.publisher().publishBacklog(requests, number -> RequestBodies.sized(number, bytes));
            rig.publisher().publishUncounted(behind, RequestBodies.anonymous());
            Map<String, Double> figures =
                    DrainedBacklog.figures(rig, requests, () -> rig.worker("--max-in-flight=" + 2 * IN_FLIGHT));
            ScenarioRunner.say(behind + " behind: " + figures);
            return new FlowRun(
                    figures.getOrDefault(DrainedBacklog.RATE, 0.0),
                    figures.getOrDefault(DrainedBacklog.MEMORY, 0.0),
                    rig.killAndCountMoved());
        }
    }
}
