package dev.sluice.trials.bench;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.RateLimit;
import dev.sluice.sandbox.ReceivedCall;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.trials.PolledCondition;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code neighbours} command: measures for how long a request waits for others that have nothing to do with it. */
@Command(
        name = "neighbours",
        mixinStandardHelpOptions = true,
        description = {
            "How long requests wait for others that have nothing to do with them:",
            "  hung     requests of a model whose calls hang, then a few of another",
            "  retries  requests that fail once and are due again after a second, before a backlog at the limit",
            "  express  express requests at half the limit, beside a backlog of others"
        })
final class NeighboursScenario implements Callable<Integer> {
    private static final Duration LATENCY = Duration.ofMillis(50);
    /** The time in which a worker has called all of what hangs that it calls at all. */
    private static final Duration SETTLED = Duration.ofSeconds(5);

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int WARM_UP_SECONDS = 10;
    private static final int RETRIED = 20;
    private static final long RETRY_AFTER_MILLIS = 1_000;

    /** The kinds of neighbours. */
    enum Kind {
        HUNG,
        RETRIES,
        EXPRESS
    }

    @Option(names = "--kind", required = true, description = "One of ${COMPLETION-CANDIDATES}.")
    private Kind kind = Kind.HUNG;

    @Option(names = "--hung", defaultValue = "300", description = "Requests that hang (${DEFAULT-VALUE}).")
    private int hung;

    @Option(names = "--waiting", defaultValue = "6000", description = "Requests of the backlog (${DEFAULT-VALUE}).")
    private int waiting;

    @Option(names = "--others", defaultValue = "20", description = "Requests of the other model (${DEFAULT-VALUE}).")
    private int others;

    @Option(names = "--seconds", defaultValue = "120", description = "Of the express load (${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--runs", defaultValue = "3", description = "The median of them counts (${DEFAULT-VALUE}).")
    private int runs;

    @Mixin
    private ScenarioRunner runner = new ScenarioRunner();

    @Override
    public Integer call() throws IOException, InterruptedException {
        runner.within("--hung", hung, 1, 10_000);
        runner.within("--waiting", waiting, 1, 1_000_000);
        runner.within("--others", others, 1, 10_000);
        runner.within("--seconds", seconds, 1, 3_600);
        runner.within("--runs", runs, 1, 9);
        return runner.run(folder -> switch (kind) {
            case HUNG -> besideHung(folder);
            case RETRIES -> besideBacklog(folder);
            case EXPRESS -> express(folder);
        });
    }

    private ScenarioResult besideHung(Path folder) throws IOException, InterruptedException {
        LongStream.Builder alone = LongStream.builder();
        LongStream.Builder beside = LongStream.builder();
        for (int run = 1; run <= runs; run++) {
            alone.add(millisOfOthers(folder.resolve("alone-" + run), 0));
            beside.add(millisOfOthers(folder.resolve("beside-" + run), hung));
        }
        Percentiles without = Percentiles.of(alone.build());
        Percentiles with = Percentiles.of(beside.build());
        return new ScenarioResult()
                .put("published to the last reply, alone, ms", without)
                .put("beside " + hung + " calls that hang, ms", with)
                .bound(new MeasuredBound("median beside, per cent", 100 * with.at(50) / without.at(50), 120));
    }

    /** Returns the milliseconds from the publishing of the others to the last of their replies. */
    private long millisOfOthers(Path folder, int hanging) throws IOException, InterruptedException {
        RequestTimes times = new RequestTimes(hanging + others + 100);
        StandInSettings settings = StandInSettings.DEFAULT.withLatency(LatencyModel.fixed(LATENCY));
        try (BenchRig rig = runner.rig(folder, times, BenchRig.PARTITIONS, settings)) {
            runner.warmUp(rig);
            rig.worker();
            rig.awaitServing();
            int before = times.published();
            long calls = rig.api().calls();
            rig.publisher().publishBacklog(hanging, RequestBodies::hanging);
            // as many of them as the worker calls at all
            boolean unused =
                    PolledCondition.holdsWithin(SETTLED, () -> rig.api().calls() >= calls + hanging);
            int first = times.published();
            rig.publisher().publishBacklog(others, RequestBodies::small);
            boolean answered = rig.waitFor(
                    System.nanoTime(),
                    PATIENCE.toSeconds(),
                    () -> times.numbers().skip(first).allMatch(times::isAnswered));
            if (!answered) {
                throw new IllegalStateException("not all others are answered within " + PATIENCE + ", "
                        + times.numbers().skip(before).filter(times::isAnswered).count() + " are");
            }
            long from = times.publishedAt(first);
            return times.numbers().skip(first).mapToLong(times::repliedAt).max().orElseThrow() - from;
        }
    }

    private ScenarioResult besideBacklog(Path folder) throws IOException, InterruptedException {
        int limit = 5;
        RequestTimes times = new RequestTimes(RETRIED + waiting + 100);
        StandInSettings settings =
                StandInSettings.DEFAULT.withLatency(LatencyModel.fixed(LATENCY)).withLimit(RateLimit.requests(limit));
        try (BenchRig rig = runner.rig(folder, times, BenchRig.PARTITIONS, settings)) {
            runner.warmUp(rig);
            rig.publisher().publishBacklog(RETRIED, number -> RequestBodies.failedOnce(number, 1));
            rig.publisher().publishBacklog(waiting, RequestBodies::small);
            rig.pacedWorker(List.of("--limit=*=" + limit + "/s"));
            long seconds = 2L * RETRIED / limit + 60;
            long start = rig.firstCall();
            boolean all =
                    rig.waitFor(start, seconds, () -> late(rig.api().history()).count() >= RETRIED);
            Percentiles late = late(rig.api().history());
            return new ScenarioResult()
                    .put("called again after they are due, ms later", late)
                    .bound(MeasuredBound.is("all called again within " + seconds + " s", all))
                    .bound(new MeasuredBound("latest, ms", late.at(100), 1_500));
        }
    }

    private ScenarioResult express(Path folder) throws IOException, InterruptedException {
        int limit = 40;
        int bulk = limit * (seconds + WARM_UP_SECONDS);
        RequestTimes times = new RequestTimes(2 * bulk);
        StandInSettings settings =
                StandInSettings.DEFAULT.withLatency(LatencyModel.fixed(LATENCY)).withLimit(RateLimit.requests(limit));
        try (BenchRig rig = runner.rig(folder, times, BenchRig.PARTITIONS, settings)) {
            runner.warmUp(rig);
            rig.publisher().publishBacklog(bulk, RequestBodies::small);
            rig.pacedWorker(List.of("--limit=*=" + limit + "/s"));
            long start = rig.firstCall();
            SteadyLoad load = rig.load(limit / 2, place -> rig.publisher().publishExpress());
            Thread.sleep(Duration.ofSeconds(WARM_UP_SECONDS).toMillis());
            int from = times.published();
            Thread.sleep(Duration.ofSeconds(seconds).toMillis());
            load.close();
            int to = times.published();
            long until = System.nanoTime();
            boolean answered = rig.waitFor(
                    until,
                    PATIENCE.toSeconds(),
                    () -> times.numbers().skip(bulk).allMatch(times::isAnswered));
            Percentiles over = Percentiles.of(IntStream.range(from, to)
                    .filter(times::isAnswered)
                    .mapToLong(number -> times.repliedAt(number) - times.publishedAt(number) - LATENCY.toMillis()));
            long admitted = rig.api().history().stream()
                    .filter(call -> call.admitted() && call.nanoTime() < until)
                    .count();
            double used = admitted / (limit * (until - start) / 1e9);
            return new ScenarioResult()
                    .put("express: published to reply, over the call, ms", over)
                    .put("of the limit used, per mille", PaceOutcome.perMille(used))
                    .bound(MeasuredBound.is("all express answered", answered))
                    .bound(new MeasuredBound("p99 of express over the call, ms", over.at(99), 150))
                    .bound(PaceOutcome.missing(used, 950))
                    .bound(MeasuredBound.none("failed", times.failures()));
        }
    }

    /** Returns by how many milliseconds each second call of a body came after it was due. */
    private static Percentiles late(List<ReceivedCall> calls) {
        Map<Long, Long> failedAt = new HashMap<>();
        LongStream.Builder late = LongStream.builder();
        for (ReceivedCall call : calls) {
            Long failed = failedAt.putIfAbsent(call.bodyHash(), call.nanoTime());
            if (failed != null) {
                late.add(TimeUnit.NANOSECONDS.toMillis(call.nanoTime() - failed) - RETRY_AFTER_MILLIS);
            }
        }
        return Percentiles.of(late.build());
    }
}
