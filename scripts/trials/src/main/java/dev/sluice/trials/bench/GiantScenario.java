package dev.sluice.trials.bench;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.RateLimit;
import dev.sluice.sandbox.StandInSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.IntFunction;
import java.util.function.ToLongFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code giant} scenario: measures how long a few requests wait behind very many of another model. */
@Command(
        name = "giant",
        mixinStandardHelpOptions = true,
        description = {
            "Very many requests of a model with a limit of 5 a second, two workers, and after a while a few of another "
                    + "model with a limit of 50 a second: from the publishing of those few to their replies.",
            "",
            "Also how many of the many have moved to the overflow topic until then, as a read_committed reader counts "
                    + "them, and how many a second, from the last look at the topic's ends that finds them unchanged "
                    + "to the last that finds them changed. It looks ten times a second."
        })
final class GiantScenario implements Callable<Integer> {
    private static final String GIANT = "bench/giant";
    private static final String OTHER = "bench/other";
    private static final int GIANT_LIMIT = 5;
    private static final int OTHER_LIMIT = 50;
    private static final int WORKERS = 2;
    private static final Duration LATENCY = Duration.ofMillis(50);
    private static final long PATIENCE_SECONDS = 600;
    private static final long MOVES_PER_SECOND = 10_000;

    @Option(
            names = "--waiting",
            defaultValue = "500000",
            description = "Requests of the first model (${DEFAULT-VALUE}).")
    private int waiting;

    @Option(names = "--others", defaultValue = "200", description = "Requests of the other (${DEFAULT-VALUE}).")
    private int others;

    @Option(names = "--express", description = "Those of the other are express, and nothing has to move.")
    private boolean express;

    @Option(
            names = "--lead",
            defaultValue = "20",
            description = "Seconds from when the workers share the partitions to the publishing of the others "
                    + "(${DEFAULT-VALUE}).")
    private int lead;

    @Option(names = "--runs", defaultValue = "1", description = "The median of them counts (${DEFAULT-VALUE}).")
    private int runs;

    @Mixin
    private ScenarioRunner runner = new ScenarioRunner();

    @Override
    public Integer call() throws IOException, InterruptedException {
        runner.within("--waiting", waiting, 1, 10_000_000);
        runner.within("--others", others, 1, 10_000);
        runner.within("--lead", lead, 0, 3_600);
        runner.within("--runs", runs, 1, 9);
        return runner.run(this::measure);
    }

    /**
     * The figures of one run.
     *
     * @param first milliseconds from the publishing of the others to the first of their replies
     * @param last the same to the last of them
     * @param moved the records that have moved to the overflow topic
     * @param peakBefore the most memory of a worker before the others were published, in MiB
     */
    private record GiantRun(
            long first,
            long last,
            boolean answered,
            long moved,
            long perSecond,
            long peakBefore,
            long peak,
            long failed) {}

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        List<GiantRun> done = new ArrayList<>();
        for (int run = 1; run <= runs; run++) {
            ScenarioRunner.say("run " + run + " of " + runs);
            GiantRun figures = run(folder.resolve("run-" + run));
            ScenarioRunner.say(figures.toString());
            done.add(figures);
        }
        ScenarioResult result = new ScenarioResult()
                .put("published to the first reply of the others, ms", percentiles(done, GiantRun::first))
                .put("published to the last, ms", percentiles(done, GiantRun::last))
                .put("moved to the overflow topic until then", percentiles(done, GiantRun::moved))
                .put("moved per second", percentiles(done, GiantRun::perSecond))
                .put("peak RSS of a worker before, MiB", percentiles(done, GiantRun::peakBefore))
                .put("peak RSS of a worker, MiB", percentiles(done, GiantRun::peak))
                .bound(MeasuredBound.is("all others are answered", done.stream().allMatch(GiantRun::answered)))
                .bound(MeasuredBound.none(
                        "failed", done.stream().mapToLong(GiantRun::failed).sum()));
        if (express) {
            return result.bound(new MeasuredBound("median of the first, ms", median(done, GiantRun::first), 500))
                    .bound(new MeasuredBound("median of the last, ms", median(done, GiantRun::last), 5_000));
        }
        return result.bound(new MeasuredBound("median of the last, ms", median(done, GiantRun::last), 40_000))
                .bound(MeasuredBound.none(
                        "median of the moves a second, missing to " + MOVES_PER_SECOND,
                        Math.max(0, MOVES_PER_SECOND - median(done, GiantRun::perSecond))));
    }

    private static Percentiles percentiles(List<GiantRun> runs, ToLongFunction<GiantRun> figure) {
        return Percentiles.of(runs.stream().mapToLong(figure));
    }

    private static long median(List<GiantRun> runs, ToLongFunction<GiantRun> figure) {
        return percentiles(runs, figure).at(50);
    }

    private GiantRun run(Path folder) throws IOException, InterruptedException {
        RequestTimes times = new RequestTimes(others);
        StandInSettings settings = StandInSettings.DEFAULT
                .withLatency(LatencyModel.fixed(LATENCY))
                .withLimit(GIANT, RateLimit.requests(GIANT_LIMIT))
                .withLimit(OTHER, RateLimit.requests(OTHER_LIMIT));
        try (BenchRig rig = runner.rig(folder, times, BenchRig.PARTITIONS, settings, BenchRig.HEAP)) {
            runner.warmUp(rig);
            rig.publisher().publishUncounted(waiting, RequestBodies.anonymous(GIANT));
            rig.pacedWorkers(
                    WORKERS,
                    List.of(
                            "--limit=" + GIANT + "=" + GIANT_LIMIT + "/s",
                            "--limit=" + OTHER + "=" + OTHER_LIMIT + "/s"));
            Thread.sleep(Duration.ofSeconds(lead).toMillis());
            long peakBefore = rig.peakMib();
            OverflowWatch watch = new OverflowWatch(rig.offsets());
            watch.look(System.currentTimeMillis());
            RequestGroup asked = publish(rig.publisher());
            boolean answered = rig.waitFor(System.nanoTime(), PATIENCE_SECONDS, () -> {
                watch.look(System.currentTimeMillis());
                return asked.isAnswered();
            });
            long peak = rig.peakMib();
            long moved = rig.killAndCountMoved();
            return new GiantRun(
                    asked.firstReply() - asked.publishedAt(),
                    asked.lastReply() - asked.publishedAt(),
                    answered,
                    moved,
                    watch.perSecond(moved),
                    peakBefore,
                    peak,
                    times.failures());
        }
    }

    private RequestGroup publish(NumberedPublisher publisher) {
        IntFunction<String> body = RequestBodies.smallOf(OTHER);
        return express ? publisher.publishExpressBacklog(others, body) : publisher.publishBacklog(others, body);
    }
}
