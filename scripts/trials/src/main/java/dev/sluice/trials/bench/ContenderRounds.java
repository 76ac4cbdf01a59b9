package dev.sluice.trials.bench;

import dev.sluice.sandbox.StandInSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Contenders that do the same in turns, so that what else the machine does hits all alike. */
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
    private BenchScenario bench = new BenchScenario();

    /** What one run of one contender has shown, by what it is. */
    @FunctionalInterface
    interface Round {
        Map<String, Double> run(Contender contender, Path folder) throws IOException, InterruptedException;
    }

    int run(BenchScenario.Scenario scenario) throws IOException, InterruptedException {
        bench.within("--runs", runs, 1, 100);
        bench.within("--heap", heap, 32, 65_536);
        bench.within("--in-flight", inFlight, 1, 100_000);
        for (String name : names) {
            bench.require(isKnown(name), "--contenders", name, "of " + List.of(Contender.values()));
        }
        return bench.run(scenario);
    }

    private static boolean isKnown(String name) {
        return List.of(Contender.values()).stream()
                .anyMatch(known -> known.toString().equals(name));
    }

    BenchScenario bench() {
        return bench;
    }

    int inFlight() {
        return inFlight;
    }

    BenchRig rig(Contender contender, Path folder, RequestTimes ledger) throws IOException {
        return bench.rig(folder, ledger, contender.jvmOptions(heap));
    }

    PaceRun prepare(Contender contender, Path folder, int requests, StandInSettings settings)
            throws IOException, InterruptedException {
        return new PaceRun(bench, folder, requests, settings, contender.jvmOptions(heap));
    }

    ContenderComparison compare(Path folder, Round round) throws IOException, InterruptedException {
        Map<Contender, List<Map<String, Double>>> rounds = new LinkedHashMap<>();
        for (int run = 1; run <= runs; run++) {
            for (String name : names) {
                BenchScenario.say(name + ", run " + run + " of " + runs);
                Contender contender = Contender.of(name);
                Map<String, Double> shown = round.run(contender, folder.resolve(name + "-" + run));
                BenchScenario.say(name + ": " + shown);
                rounds.computeIfAbsent(contender, first -> new ArrayList<>()).add(shown);
            }
        }
        return new ContenderComparison(rounds);
    }

    int heapMib() {
        return heap;
    }
}
