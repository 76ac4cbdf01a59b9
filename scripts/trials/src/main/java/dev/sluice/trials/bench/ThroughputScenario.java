package dev.sluice.trials.bench;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.StandInSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code throughput} command: measures how fast a backlog is answered without a limit. */
@Command(
        name = "throughput",
        mixinStandardHelpOptions = true,
        description =
                "A backlog without any limit, against a stand-in with a fixed latency: replies per second from the "
                        + "first call to the last reply that a read_committed reader sees, processor time, memory. In "
                        + "parentheses the ratio to the floor, a program without any guarantee.")
final class ThroughputScenario implements Callable<Integer> {
    private static final String RATE = DrainedBacklog.RATE;
    /** The least rate of an observed worker, in per cent of that of an unobserved one. */
    private static final int OBSERVED_PERCENT = 97;
    /** The most processor time of a reply, in per cent of the floor's. */
    private static final int MOST_COST_PERCENT = 110;

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
    private ContenderRounds rounds = new ContenderRounds();

    @Override
    public Integer call() throws IOException, InterruptedException {
        rounds.runner().within("--requests", requests, 1, 1_000_000);
        rounds.runner().within("--bytes", bytes, 1, 1_000_000);
        rounds.runner().within("--behind", behind, 0, 100_000_000);
        rounds.runner().within("--latency", latency, 0, 60_000);
        return rounds.run(this::measure);
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        ContenderComparison comparison = rounds.compare(folder, this::round);
        ScenarioResult result = new ScenarioResult();
        comparison.show(result);
        if (comparison.rounds().containsKey(Contender.SLUICE)) {
            comparison
                    .floor(RATE)
                    .ifPresent(
                            floor -> result.bound(missing(comparison, Contender.SLUICE, "the floor's", floor, bound)));
            comparison
                    .ratio(Contender.SLUICE, DrainedBacklog.COST)
                    .ifPresent(ratio -> result.bound(new MeasuredBound(
                            "sluice: processor time per reply to the floor's, per cent",
                            (long) Math.ceil(100 * ratio - 1e-9),
                            MOST_COST_PERCENT)));
            if (comparison.rounds().containsKey(Contender.SLUICE_OBSERVED)) {
                double unobserved = comparison.median(Contender.SLUICE, RATE);
                result.bound(missing(
                        comparison,
                        Contender.SLUICE_OBSERVED,
                        "that of one nobody watches",
                        unobserved,
                        OBSERVED_PERCENT));
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
        try (BenchRig rig = rounds.backlogRig(contender, folder, requests, settings)) {
            publish(contender, rig.publisher());
            return DrainedBacklog.figures(rig, requests, () -> rounds.start(contender, rig));
        }
    }

    private void publish(Contender contender, NumberedPublisher publisher) {
        if (contender.isObserved()) {
            publisher.trace();
        }
        publisher.publishBacklog(requests, number -> RequestBodies.sized(number, bytes));
        publisher.publishUncounted(behind, RequestBodies.anonymous());
    }
}
