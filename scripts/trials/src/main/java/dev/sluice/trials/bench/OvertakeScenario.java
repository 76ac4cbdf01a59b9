package dev.sluice.trials.bench;

import dev.sluice.sandbox.LatencyModel;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.IntPredicate;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Whether requests that wait for their time hold up the others of their partition. */
@Command(
        name = "overtake",
        mixinStandardHelpOptions = true,
        description =
                "One partition, a steady load of which a share is due 8 s ahead: from publishing to call of those "
                        + "due now, compared with a run of which none is due later.")
final class OvertakeScenario implements Callable<Integer> {
    private static final long AHEAD_MILLIS = 8_000;
    /** A baseline that is itself behind proves nothing: the machine doesn't sustain the rate. */
    private static final long MAX_BASELINE_MILLIS = 500;

    private static final Duration LATENCY = Duration.ofMillis(50);
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @Option(names = "--rate", defaultValue = "1000", description = "Requests per second (${DEFAULT-VALUE}).")
    private int rate;

    @Option(names = "--seconds", defaultValue = "45", description = "Of load (${DEFAULT-VALUE}).")
    private int seconds;

    @Option(
            names = "--warmup",
            defaultValue = "33",
            description = "Seconds of them that are not judged: a cold worker falls behind, and has to catch up first "
                    + "(${DEFAULT-VALUE}).")
    private int warmup;

    @Option(names = "--later", defaultValue = "50", description = "Percent that are due later (${DEFAULT-VALUE}).")
    private int later;

    @Mixin
    private BenchScenario bench = new BenchScenario();

    @Override
    public Integer call() throws IOException, InterruptedException {
        bench.within("--rate", rate, 1, 10_000);
        bench.within("--seconds", seconds, 2, 600);
        bench.within("--warmup", warmup, 0, seconds - 1);
        bench.within("--later", later, 1, 99);
        return bench.run(folder -> {
            RequestTimes baseline = load(folder.resolve("baseline"), 0);
            return judge(baseline, load(folder.resolve("later"), later));
        });
    }

    private RequestTimes load(Path folder, int share) throws IOException, InterruptedException {
        RequestTimes ledger = new RequestTimes(rate * (seconds + 10) + 1_000);
        try (BenchRig rig = bench.rig(folder, ledger)) {
            BenchRig.Ends ends = rig.open(1, LatencyModel.fixed(LATENCY));
            rig.worker(ends);
            rig.awaitServing(ends);
            SteadyLoad steady = rig.starts(
                    new SteadyLoad(ends.publisher(), 1, rate, i -> isLater(i, share) ? AHEAD_MILLIS : 0).start());
            Thread.sleep(Duration.ofSeconds(seconds).toMillis());
            steady.close();
            BenchRig.await("a reply to every request", PATIENCE, ledger::isAnswered);
            return ledger;
        }
    }

    /** Spreads the share evenly over the load. */
    static boolean isLater(int place, int percent) {
        return (place + 1L) * percent / 100 != (long) place * percent / 100;
    }

    private ScenarioResult judge(RequestTimes baseline, RequestTimes ledger) {
        Percentiles before = lateness(baseline, number -> baseline.notBefore(number) == 0);
        Percentiles now = lateness(ledger, number -> ledger.notBefore(number) == 0);
        Percentiles due = lateness(ledger, number -> ledger.notBefore(number) != 0);
        return new ScenarioResult()
                .put("calls per second, none later", perSecond(baseline))
                .put("calls per second", perSecond(ledger))
                .put("published to called, none later", before)
                .put("published to called, due now", now)
                .put("lateness of those due later", due)
                .bound(new MeasuredBound("p99, none later", before.at(99), MAX_BASELINE_MILLIS))
                .bound(new MeasuredBound("p99 of those due now", now.at(99), before.at(99) * 3 / 2 + 100))
                .bound(MeasuredBound.none(
                        "early calls", ledger.numbers().filter(ledger::isEarly).count()))
                .bound(MeasuredBound.none("failed", baseline.failures() + ledger.failures()));
    }

    private Percentiles lateness(RequestTimes ledger, IntPredicate which) {
        long from = ledger.publishedAt(1) + Duration.ofSeconds(warmup).toMillis();
        return Percentiles.of(ledger.numbers()
                .filter(number -> ledger.publishedAt(number) >= from)
                .filter(which)
                .mapToLong(ledger::lateness));
    }

    private long perSecond(RequestTimes ledger) {
        long from = ledger.publishedAt(1) + Duration.ofSeconds(warmup).toMillis();
        long to = ledger.publishedAt(1) + Duration.ofSeconds(seconds).toMillis();
        long calls = ledger.numbers()
                .filter(number -> ledger.calledAt(number) >= from && ledger.calledAt(number) < to)
                .count();
        return calls / (seconds - warmup);
    }
}
