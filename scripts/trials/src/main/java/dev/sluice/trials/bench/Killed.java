package dev.sluice.trials.bench;

import dev.sluice.sandbox.Latency;
import dev.sluice.sandbox.Settings;
import dev.sluice.trials.WorkerProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
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
final class Killed implements Callable<Integer> {
    private static final int PATIENCE_SECONDS = 600;
    /** Longer than a group waits for a member that has died, 45 s by default. */
    private static final Duration QUIET = Duration.ofSeconds(60);

    private static final String LOST = "without a reply";
    private static final String TWICE = "with more than one";
    private static final String AGAIN = "called again";
    private static final int SECOND = 2;

    @Option(names = "--requests", defaultValue = "10000", description = "In the queue (${DEFAULT-VALUE}).")
    private int requests;

    @Option(names = "--latency", defaultValue = "50", description = "Of the stand-in, in ms (${DEFAULT-VALUE}).")
    private int latency;

    @Mixin
    private Contest contest = new Contest();

    @Override
    public Integer call() throws IOException, InterruptedException {
        contest.bench().within("--requests", requests, 100, 1_000_000);
        contest.bench().within("--latency", latency, 0, 60_000);
        return contest.run(this::measure);
    }

    private Result measure(Path folder) throws IOException, InterruptedException {
        Comparison comparison = contest.compare(folder, this::round);
        Result result = new Result();
        comparison.show(result);
        comparison.bound(result, Contender.SLUICE, LOST, 0);
        comparison.bound(result, Contender.SLUICE, TWICE, 0);
        comparison.bound(result, Contender.SLUICE, AGAIN, contest.inFlight());
        return result;
    }

    private Map<String, Double> round(Contender contender, Path folder) throws IOException, InterruptedException {
        Settings settings = Settings.DEFAULT.withLatency(Latency.fixed(Duration.ofMillis(latency)));
        try (PaceRun run = contest.prepare(contender, folder, requests, settings)) {
            run.publish(PacedBodies::small);
            Ledger ledger = run.ledger();
            WorkerProcess first = run.start(contender, contest);
            long start = run.firstCall();
            // not at a round number, which batches may end at
            int third = requests / 3;
            if (!run.comesTrue(start, PATIENCE_SECONDS, () -> count(ledger, n -> ledger.replies(n) > 0) >= third)) {
                throw new IllegalStateException(contender + " has not answered " + third + " in time");
            }
            long killedAt = System.currentTimeMillis();
            first.kill();
            run.start(contender, contest);
            Quiet quiet = new Quiet(ledger);
            run.comesTrue(System.nanoTime(), PATIENCE_SECONDS, () -> ledger.isAnswered() || quiet.lasts());
            Map<String, Double> shown = new LinkedHashMap<>();
            shown.put(LOST, (double) count(ledger, n -> ledger.replies(n) == 0));
            shown.put(TWICE, (double) count(ledger, n -> ledger.replies(n) > 1));
            shown.put(AGAIN, (double) ledger.numbers()
                    .map(number -> Math.max(0, ledger.calls(number) - 1))
                    .sum());
            shown.put("to the next new reply, ms", (double) (firstNew(ledger) - killedAt));
            return shown;
        }
    }

    private static long count(Ledger ledger, IntPredicate which) {
        return ledger.numbers().filter(which).count();
    }

    /** To a call of the second process that the first had not made. */
    private static long firstNew(Ledger ledger) {
        return ledger.numbers()
                .filter(n -> ledger.caller(n) == SECOND && ledger.calls(n) == 1 && ledger.repliedAt(n) != 0)
                .mapToLong(ledger::repliedAt)
                .min()
                .orElseThrow(() -> new IllegalStateException("the second process has answered nothing"));
    }

    /** Whether for {@link #QUIET} nothing has been called or answered. */
    private static final class Quiet {
        private final Ledger ledger;
        private long seen = -1;
        private long since;

        Quiet(Ledger ledger) {
            this.ledger = ledger;
        }

        boolean lasts() {
            long now = ledger.numbers()
                    .mapToLong(number -> ledger.calls(number) + ledger.replies(number))
                    .sum();
            if (now != seen) {
                seen = now;
                since = System.nanoTime();
            }
            return System.nanoTime() - since > QUIET.toNanos();
        }
    }
}
