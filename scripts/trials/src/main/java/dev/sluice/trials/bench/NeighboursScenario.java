package dev.sluice.trials.bench;

import dev.sluice.sandbox.RateLimit;
import dev.sluice.sandbox.StandInSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/** Whether the backlog of a model with a small limit holds up that of a model without one. */
record NeighboursScenario(int slow, int free) implements PaceScenario {
    private static final String SLOW = "slow";
    private static final String FREE = "free";
    private static final int SECONDS = 300;
    private static final int PERCENT = 115;
    private static final StandInSettings SETTINGS =
            StandInSettings.DEFAULT.withLatency(PaceScenarios.LATENCY).withLimit(SLOW, RateLimit.requests(1));
    private static final List<String> OPTIONS = List.of("--limit=" + SLOW + "=1/s", "--limit=" + FREE + "=none");

    @Override
    public PaceOutcome run(BenchScenario bench, Path folder) throws IOException, InterruptedException {
        long alone;
        try (PaceRun run = new PaceRun(bench, folder.resolve("alone"), free, SETTINGS)) {
            alone = millis(run, false);
        }
        try (PaceRun run = new PaceRun(bench, folder.resolve("beside"), slow + free, SETTINGS)) {
            long beside = millis(run, true);
            CallTraffic all = run.traffic(null, false);
            CallTraffic limited = run.traffic(SLOW, new RateLine(all.first(), 1));
            return new PaceOutcome(
                    "slow 1/s, free none",
                    "≤ " + PERCENT / 100.0 + " of its time alone",
                    all,
                    Double.NaN,
                    all.refused(all.first(), Long.MAX_VALUE),
                    List.of(
                            new MeasuredBound("% of its time alone", -Math.floorDiv(-100 * beside, alone), PERCENT),
                            PaceOutcome.start(limited),
                            MeasuredBound.none("failed replies", run.ledger().failures())));
        }
    }

    /** From the first call to the last reply of the free ones. */
    private long millis(PaceRun run, boolean mixed) throws InterruptedException {
        run.publish(number -> PacedBodies.small(mixed && isSlow(number) ? SLOW : FREE, number));
        run.worker(OPTIONS);
        long first = run.firstCall();
        RequestTimes ledger = run.ledger();
        if (!run.comesTrue(first, SECONDS, () -> freeOnes(ledger, mixed).allMatch(n -> ledger.replies(n) > 0))) {
            throw new IllegalStateException("the free ones are not answered within " + SECONDS + " s");
        }
        long begin = freeOnes(ledger, mixed).mapToLong(ledger::calledAt).min().orElseThrow();
        return freeOnes(ledger, mixed).mapToLong(ledger::repliedAt).max().orElseThrow() - begin;
    }

    private IntStream freeOnes(RequestTimes ledger, boolean mixed) {
        return ledger.numbers().filter(number -> !mixed || !isSlow(number));
    }

    /** Spreads them evenly. */
    private boolean isSlow(int number) {
        return (number + 1L) * slow / (slow + free) != (long) number * slow / (slow + free);
    }
}
