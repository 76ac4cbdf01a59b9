package dev.sluice.trials.bench;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.RateLimit;
import dev.sluice.sandbox.StandInSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code express} scenario: measures how long express requests wait beside a backlog that uses the whole limit. */
@Command(
        name = "express",
        mixinStandardHelpOptions = true,
        description = "Express requests at half of a limit of 40 a second, beside a backlog of the same model: from "
                + "publishing to reply, over the call itself, and how much of the limit is used.")
final class ExpressScenario implements Callable<Integer> {
    private static final String OTHER = "bench/other";
    private static final Duration LATENCY = Duration.ofMillis(50);
    private static final int LIMIT = 40;
    private static final int WARM_UP_SECONDS = 10;
    private static final int PATIENCE_SECONDS = 120;

    @Option(names = "--seconds", defaultValue = "120", description = "Of the express load (${DEFAULT-VALUE}).")
    private int seconds;

    @Option(
            names = "--moving",
            defaultValue = "0",
            description = "So many requests of the backlog move to the overflow topic meanwhile, because behind them "
                    + "some of another model are published. The load ends when those are answered "
                    + "(${DEFAULT-VALUE}: nothing moves).")
    private int moving;

    @Mixin
    private ScenarioRunner runner = new ScenarioRunner();

    @Override
    public Integer call() throws IOException, InterruptedException {
        runner.within("--seconds", seconds, 1, 3_600);
        runner.within("--moving", moving, 0, 10_000_000);
        return runner.run(this::measure);
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        int backlog = Math.max(moving, LIMIT * (seconds + WARM_UP_SECONDS));
        RequestTimes times = new RequestTimes(LIMIT * (seconds + WARM_UP_SECONDS) + BenchRig.PARTITIONS);
        StandInSettings settings =
                StandInSettings.DEFAULT.withLatency(LatencyModel.fixed(LATENCY)).withLimit(RateLimit.requests(LIMIT));
        try (BenchRig rig = runner.rig(folder, times, BenchRig.PARTITIONS, settings, BenchRig.HEAP)) {
            runner.warmUp(rig);
            rig.publisher().publishUncounted(backlog, RequestBodies.anonymous());
            rig.pacedWorker(List.of("--limit=*=" + LIMIT + "/s"));
            long start = rig.firstCall();
            SteadyLoad load = rig.load(LIMIT / 2, place -> rig.publisher().publishExpress(RequestBodies::small));
            Thread.sleep(Duration.ofSeconds(WARM_UP_SECONDS).toMillis());
            OverflowWatch watch = new OverflowWatch(rig.offsets());
            watch.look(System.currentTimeMillis());
            RequestGroup behind = publishBehind(rig);
            int from = times.published();
            boolean unused = rig.waitFor(System.nanoTime(), seconds, () -> {
                watch.look(System.currentTimeMillis());
                return moving > 0 && behind.isAnswered();
            });
            int to = times.published();
            long until = System.nanoTime();
            load.close();
            boolean answered = rig.waitForAnswers(until, PATIENCE_SECONDS);
            Percentiles over = over(times, from, to);
            double used = used(rig, start, until);
            ScenarioResult result = new ScenarioResult()
                    .put("express: published to reply, over the call, ms", over)
                    .put("of the limit used, per mille", PaceOutcome.perMille(used))
                    .put("peak RSS of the worker, MiB", rig.peakMib())
                    .bound(MeasuredBound.is("all express answered", answered))
                    .bound(new MeasuredBound("p99 of express over the call, ms", over.at(99), 150))
                    .bound(PaceOutcome.missing(used, 950))
                    .bound(MeasuredBound.none("failed", times.failures()));
            long moved = rig.killAndCountMoved();
            return result.put("moved meanwhile", moved).put("moved per second", watch.perSecond(moved));
        }
    }

    /** Publishes a request of another model to each partition, if what lies before them is to move. */
    private RequestGroup publishBehind(BenchRig rig) {
        IntStream partitions = moving > 0 ? IntStream.range(0, BenchRig.PARTITIONS) : IntStream.empty();
        RequestGroup behind = new RequestGroup(
                rig.times(),
                partitions.map(partition -> rig.publisher().publish(partition, "other", RequestBodies.smallOf(OTHER))));
        rig.publisher().confirm();
        return behind;
    }

    private static Percentiles over(RequestTimes times, int from, int to) {
        return Percentiles.of(IntStream.range(from, to)
                .filter(times::isAnswered)
                .mapToLong(number -> times.repliedAt(number) - times.publishedAt(number) - LATENCY.toMillis()));
    }

    private static double used(BenchRig rig, long start, long until) {
        long admitted = rig.api().history().stream()
                .filter(call -> call.model().equals(RequestBodies.MODEL))
                .filter(call -> call.admitted() && call.nanoTime() < until)
                .count();
        return admitted / (LIMIT * (until - start) / 1e9);
    }
}
