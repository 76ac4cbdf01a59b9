package dev.sluice.trials.bench;

import dev.sluice.sandbox.StandInSettings;
import dev.sluice.trials.WorkerProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs contenders in turns, so that other work of the machine affects all of them alike. */
final class ContenderRounds {
    @Option(
            names = "--contenders",
            split = ",",
            paramLabel = "NAME",
            defaultValue = "floor,floor-c1,sluice",
            description = "floor, floor-c1, at-least-once, transactional, sluice, sluice-observed, sluice-c2 "
                    + "(${DEFAULT-VALUE}).")
    private List<String> names = List.of();

    @Option(names = "--runs", defaultValue = "3", description = "Of each; medians are shown (${DEFAULT-VALUE}).")
    private int runs;

    @Option(names = "--heap", defaultValue = "256", description = "Of each, in MiB (${DEFAULT-VALUE}).")
    private int heap;

    @Option(names = "--in-flight", defaultValue = "256", description = "Most calls at once (${DEFAULT-VALUE}).")
    private int inFlight;

    @Mixin
    private ScenarioRunner runner = new ScenarioRunner();

    /** One run of one contender. Returns its figures by their names. */
    @FunctionalInterface
    interface ContenderRun {
        Map<String, Double> run(Contender contender, Path folder) throws IOException, InterruptedException;
    }

    int run(ScenarioRunner.Measuring measuring) throws IOException, InterruptedException {
        runner.within("--runs", runs, 1, 100);
        runner.within("--heap", heap, 32, 65_536);
        runner.within("--in-flight", inFlight, 1, 100_000);
        for (String name : names) {
            runner.require(isKnown(name), "--contenders", name, "of " + List.of(Contender.values()));
        }
        return runner.run(measuring);
    }

    private static boolean isKnown(String name) {
        return List.of(Contender.values()).stream()
                .anyMatch(known -> known.toString().equals(name));
    }

    ScenarioRunner runner() {
        return runner;
    }

    BenchRig rig(Contender contender, Path folder, RequestTimes times, StandInSettings settings)
            throws IOException, InterruptedException {
        return runner.rig(folder, times, BenchRig.PARTITIONS, settings, contender.jvmOptions(heap));
    }

    BenchRig backlogRig(Contender contender, Path folder, int requests, StandInSettings settings)
            throws IOException, InterruptedException {
        return runner.backlogRig(folder, requests, settings, contender.jvmOptions(heap));
    }

    WorkerProcess start(Contender contender, BenchRig rig) {
        return contender.start(rig, inFlight, heap);
    }

    /** Runs each contender as often as asked for. */
    ContenderComparison compare(Path folder, ContenderRun round) throws IOException, InterruptedException {
        Map<Contender, List<Map<String, Double>>> rounds = new LinkedHashMap<>();
        for (int run = 1; run <= runs; run++) {
            for (String name : names) {
                ScenarioRunner.say(name + ", run " + run + " of " + runs);
                Contender contender = Contender.of(name);
                Map<String, Double> figures = round.run(contender, folder.resolve(name + "-" + run));
                ScenarioRunner.say(name + ": " + figures);
                rounds.computeIfAbsent(contender, first -> new ArrayList<>()).add(figures);
            }
        }
        return new ContenderComparison(rounds);
    }
}
