package dev.sluice.trials.bench;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.trials.PolledCondition;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.stream.LongStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code hung} scenario: measures what a model whose calls hang costs another model. */
@Command(
        name = "hung",
        mixinStandardHelpOptions = true,
        description = "Requests of a model whose calls hang, then a few of another: from the publishing of the others "
                + "to the last of their replies, compared with runs in which nothing hangs.")
final class HungModelScenario implements Callable<Integer> {
    private static final Duration LATENCY = Duration.ofMillis(50);
    /** The time in which a worker has called all of what hangs that it calls at all. */
    private static final Duration SETTLED = Duration.ofSeconds(5);

    private static final long PATIENCE_SECONDS = 120;

    @Option(names = "--hung", defaultValue = "300", description = "Requests that hang (${DEFAULT-VALUE}).")
    private int hung;

    @Option(names = "--others", defaultValue = "20", description = "Requests of the other model (${DEFAULT-VALUE}).")
    private int others;

    @Option(names = "--runs", defaultValue = "3", description = "The median of them counts (${DEFAULT-VALUE}).")
    private int runs;

    @Mixin
    private ScenarioRunner runner = new ScenarioRunner();

    @Override
    public Integer call() throws IOException, InterruptedException {
        runner.within("--hung", hung, 1, 10_000);
        runner.within("--others", others, 1, 10_000);
        runner.within("--runs", runs, 1, 9);
        return runner.run(this::measure);
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
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
            long calls = rig.api().calls();
            rig.publisher().publishBacklog(hanging, RequestBodies::hanging);
            // as many of them as the worker calls at all
            boolean unused =
                    PolledCondition.holdsWithin(SETTLED, () -> rig.api().calls() >= calls + hanging);
            RequestGroup asked = rig.publisher().publishBacklog(others, RequestBodies::small);
            if (!rig.waitFor(System.nanoTime(), PATIENCE_SECONDS, asked::isAnswered)) {
                throw new IllegalStateException(
                        "not all others are answered within " + PATIENCE_SECONDS + " s, " + asked.answered() + " are");
            }
            return asked.lastReply() - asked.publishedAt();
        }
    }
}
