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
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a kill costs: requests without a reply, with more than one, and calls that are paid twice. */
@Command(
        name = "killed",
        mixinStandardHelpOptions = true,
        description =
                "Kills the only worker (SIGKILL) in the middle of a backlog and starts it again at once: how many "
                        + "requests get no reply and how many more than one, as a read_committed reader sees it, and how many "
                        + "calls are made again.")
final class KilledScenario implements Callable<Integer> {
    private static final int PATIENCE_SECONDS = 600;
    /** Longer than a consumer pauses between two batches. */
    private static final Duration QUIET = Duration.ofSeconds(5);
    /** Longer than a group waits for a member that has died, 45 s by default. */
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
    private ContenderRounds contest = new ContenderRounds();

    @Override
    public Integer call() throws IOException, InterruptedException {
        contest.bench().within("--requests", requests, 100, 1_000_000);
        contest.bench().within("--latency", latency, 0, 60_000);
        return contest.run(this::measure);
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        ContenderComparison comparison = contest.compare(folder, this::round);
        ScenarioResult result = new ScenarioResult();
        comparison.show(result);
        // what must never happen is not judged by a median
        comparison.boundEach(result, Contender.SLUICE, LOST, round -> 0.0);
        comparison.boundEach(result, Contender.SLUICE, TWICE, round -> 0.0);
        comparison.boundEach(result, Contender.SLUICE, AGAIN, round -> round.get(OPEN));
        return result;
    }

    private Map<String, Double> round(Contender contender, Path folder) throws IOException, InterruptedException {
        StandInSettings settings = StandInSettings.DEFAULT.withLatency(LatencyModel.fixed(Duration.ofMillis(latency)));
        try (PaceRun run = contest.prepare(contender, folder, requests, settings)) {
            run.publish(PacedBodies::small);
            RequestTimes ledger = run.ledger();
            WorkerProcess first = run.start(contender, contest);
            // calls, not replies, which become visible where a batch ends
            int third = requests / 3;
            require(run, run.firstCall(), "called a third", () -> count(ledger, n -> ledger.calls(n) > 0) >= third);
            first.kill();
            final long open = count(ledger, n -> ledger.calls(n) > 0 && ledger.replies(n) == 0);
            run.start(contender, contest);
            Quiet quiet = new Quiet(ledger, latency);
            require(run, System.nanoTime(), "come to rest", quiet::lasts);
            Map<String, Double> shown = new LinkedHashMap<>();
            shown.put(OPEN, (double) open);
            shown.put(LOST, (double) count(ledger, n -> ledger.replies(n) == 0));
            shown.put(TWICE, (double) count(ledger, n -> ledger.replies(n) > 1));
            shown.put(AGAIN, (double) ledger.numbers()
                    .map(number -> Math.max(0, ledger.calls(number) - 1))
                    .sum());
            return shown;
        }
    }

    private static void require(PaceRun run, long start, String what, BooleanSupplier holds)
            throws InterruptedException {
        if (!run.comesTrue(start, PATIENCE_SECONDS, holds)) {
            throw new IllegalStateException("it has not " + what + " within " + PATIENCE_SECONDS + " s");
        }
    }

    private static long count(RequestTimes ledger, IntPredicate which) {
        return ledger.numbers().filter(which).count();
    }

    /** Whether nothing is called or answered any more: for some seconds where all is answered, else for a minute. */
    private static final class Quiet {
        private final RequestTimes ledger;
        private final Duration call;
        private long seen = -1;
        private long since;

        Quiet(RequestTimes ledger, int latencyMillis) {
            this.ledger = ledger;
            this.call = Duration.ofMillis(latencyMillis);
        }

        boolean lasts() {
            long now = ledger.numbers()
                    .mapToLong(number -> ledger.calls(number) + ledger.replies(number))
                    .sum();
            if (now != seen) {
                seen = now;
                since = System.nanoTime();
            }
            Duration bound = call.plus(ledger.isAnswered() ? QUIET : QUIET_UNANSWERED);
            return System.nanoTime() - since > bound.toNanos();
        }
    }
}
