package dev.sluice.trials.bench;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.StandInSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.IntPredicate;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code overtake} command: measures whether delayed requests hold up the other requests of their partition. */
@Command(
        name = "overtake",
        mixinStandardHelpOptions = true,
        description =
                "One partition, a steady load of which a share is due 8 s ahead: from publishing to call of those "
                        + "due now, compared with a run of which none is due later.")
final class OvertakeScenario implements Callable<Integer> {
    private static final long AHEAD_MILLIS = 8_000;
    /** A baseline above this bound proves nothing, because the machine cannot sustain the rate. */
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
    private ScenarioRunner runner = new ScenarioRunner();

    @Override
    public Integer call() throws IOException, InterruptedException {
        runner.within("--rate", rate, 1, 10_000);
        runner.within("--seconds", seconds, 2, 600);
        runner.within("--warmup", warmup, 0, seconds - 1);
        runner.within("--later", later, 1, 99);
        return runner.run(folder -> {
            RequestTimes baseline = load(folder.resolve("baseline"), 0);
            return judge(baseline, load(folder.resolve("later"), later));
        });
    }

    private RequestTimes load(Path folder, int share) throws IOException, InterruptedException {
        RequestTimes times = new RequestTimes(rate * (seconds + 10) + 1_000);
        StandInSettings settings = StandInSettings.DEFAULT.withLatency(LatencyModel.fixed(LATENCY));
        try (BenchRig rig = runner.rig(folder, times, 1, settings)) {
            rig.worker();
            rig.awaitServing();
            SteadyLoad steady = rig.load(
                    rate,
                    place -> rig.publisher()
                            .publish(isLater(place, share) ? System.currentTimeMillis() + AHEAD_MILLIS : 0));
            Thread.sleep(Duration.ofSeconds(seconds).toMillis());
            steady.close();
            rig.awaitAnswers(PATIENCE);
            return times;
        }
    }

    /** Tells whether the request at this place is due later. The share is spread evenly over the load. */
    static boolean isLater(int place, int percent) {
        return (place + 1L) * percent / 100 != (long) place * percent / 100;
    }

    private ScenarioResult judge(RequestTimes baseline, RequestTimes times) {
        Percentiles before = lateness(baseline, number -> baseline.notBefore(number) == 0);
        Percentiles now = lateness(times, number -> times.notBefore(number) == 0);
        Percentiles due = lateness(times, number -> times.notBefore(number) != 0);
        return new ScenarioResult()
                .put("calls per second, none later", perSecond(baseline))
                .put("calls per second", perSecond(times))
                .put("published to called, none later", before)
                .put("published to called, due now", now)
                .put("lateness of those due later", due)
                .bound(new MeasuredBound("p99, none later", before.at(99), MAX_BASELINE_MILLIS))
                .bound(new MeasuredBound("p99 of those due now", now.at(99), before.at(99) * 3 / 2 + 100))
                .bound(MeasuredBound.none("early calls", times.count(times::isEarly)))
                .bound(MeasuredBound.none("failed", baseline.failures() + times.failures()));
    }

    private Percentiles lateness(RequestTimes times, IntPredicate which) {
        long from = times.publishedAt(1) + Duration.ofSeconds(warmup).toMillis();
        return Percentiles.of(times.numbers()
                .filter(number -> times.publishedAt(number) >= from)
                .filter(which)
                .mapToLong(times::lateness));
    }

    private long perSecond(RequestTimes times) {
        long from = times.publishedAt(1) + Duration.ofSeconds(warmup).toMillis();
        long to = times.publishedAt(1) + Duration.ofSeconds(seconds).toMillis();
        long calls = times.count(number -> times.calledAt(number) >= from && times.calledAt(number) < to);
        return calls / (seconds - warmup);
    }
}
