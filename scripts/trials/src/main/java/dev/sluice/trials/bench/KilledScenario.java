package dev.sluice.trials.bench;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.trials.PolledCondition;
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

/** The {@code killed} command: counts lost requests, repeated replies and repeated calls after a kill. */
@Command(
        name = "killed",
        mixinStandardHelpOptions = true,
        description =
                "Kills the only worker (SIGKILL) in the middle of a backlog and starts it again at once: how many "
                        + "requests get no reply and how many more than one, as a read_committed reader sees it, and "
                        + "how many calls are made again.")
final class KilledScenario implements Callable<Integer> {
    private static final int PATIENCE_SECONDS = 600;
    /** Longer than the pause of a consumer between two batches. */
    private static final Duration QUIET = Duration.ofSeconds(5);
    /** Longer than a group waits for a dead member, 45 s by default. */
    private static final Duration QUIET_UNANSWERED = Duration.ofSeconds(60);

    private static final String OPEN = "called, no reply yet, at the kill";
    private static final String LOST = "without a reply";
    private static final String TWICE = "with more than one";
    private static final String AGAIN = "called again";

    @Option(names = "--requests", defaultValue = "10000", description = "In the queue (${DEFAULT-VALUE}).")
    private int requests;

    @Option(names = "--latency", defaultValue = "50", description = "Of the stand-in, in ms (${DEFAULT-VALUE}).")
    private int latency;

    @Mixin
    private ContenderRounds rounds = new ContenderRounds();

    @Override
    public Integer call() throws IOException, InterruptedException {
        rounds.runner().within("--requests", requests, 100, 1_000_000);
        rounds.runner().within("--latency", latency, 0, 60_000);
        return rounds.run(this::measure);
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        ContenderComparison comparison = rounds.compare(folder, this::round);
        ScenarioResult result = new ScenarioResult();
        comparison.show(result);
        // every run is judged, not the median: these must never happen
        comparison.boundEach(result, Contender.SLUICE, LOST, round -> 0.0);
        comparison.boundEach(result, Contender.SLUICE, TWICE, round -> 0.0);
        comparison.boundEach(result, Contender.SLUICE, AGAIN, round -> round.get(OPEN));
        return result;
    }

    private Map<String, Double> round(Contender contender, Path folder) throws IOException, InterruptedException {
        StandInSettings settings = StandInSettings.DEFAULT.withLatency(LatencyModel.fixed(Duration.ofMillis(latency)));
        try (BenchRig rig = rounds.backlogRig(contender, folder, requests, settings)) {
            rig.publisher().publishBacklog(requests, RequestBodies::small);
            RequestTimes times = rig.times();
            WorkerProcess first = rounds.start(contender, rig);
            // calls are counted, not replies: a batch of replies becomes visible at once
            int third = requests / 3;
            require(rig, rig.firstCall(), "called a third", () -> times.count(n -> times.calls(n) > 0) >= third);
            first.kill();
            final long open = times.count(times::isUnderWay);
            rounds.start(contender, rig);
            QuietPeriod quiet = new QuietPeriod(times, latency);
            require(rig, System.nanoTime(), "come to rest", quiet::isOver);
            Map<String, Double> figures = new LinkedHashMap<>();
            figures.put(OPEN, (double) open);
            figures.put(LOST, (double) times.count(number -> !times.isAnswered(number)));
            figures.put(TWICE, (double) times.count(times::isRepeated));
            figures.put(AGAIN, (double) times.numbers()
                    .map(number -> Math.max(0, times.calls(number) - 1))
                    .sum());
            return figures;
        }
    }

    private static void require(BenchRig rig, long start, String what, PolledCondition condition)
            throws InterruptedException {
        if (!rig.waitFor(start, PATIENCE_SECONDS, condition)) {
            throw new IllegalStateException("it has not " + what + " within " + PATIENCE_SECONDS + " s");
        }
    }

    /** Ends when nothing was called or answered for some seconds, or for a minute while requests are unanswered. */
    private static final class QuietPeriod {
        private final RequestTimes times;
        private final Duration call;
        private long seen = -1;
        private long since;

        QuietPeriod(RequestTimes times, int latencyMillis) {
            this.times = times;
            this.call = Duration.ofMillis(latencyMillis);
        }

        boolean isOver() {
            long now = times.numbers()
                    .mapToLong(number -> times.calls(number) + times.replies(number))
                    .sum();
            if (now != seen) {
                seen = now;
                since = System.nanoTime();
            }
            Duration bound = call.plus(times.isAnswered() ? QUIET : QUIET_UNANSWERED);
            return System.nanoTime() - since > bound.toNanos();
        }
    }
}
