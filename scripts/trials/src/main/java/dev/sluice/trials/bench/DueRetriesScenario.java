package dev.sluice.trials.bench;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.RateLimit;
import dev.sluice.sandbox.ReceivedCall;
import dev.sluice.sandbox.StandInSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code retries} scenario: measures whether retries that are due wait behind a backlog. */
@Command(
        name = "retries",
        mixinStandardHelpOptions = true,
        description = "Requests that fail once and are due again after a second, before a backlog at the limit: how "
                + "late they are called again.")
final class DueRetriesScenario implements Callable<Integer> {
    private static final Duration LATENCY = Duration.ofMillis(50);
    private static final int LIMIT = 5;
    private static final int RETRIED = 20;
    private static final int RETRY_AFTER_SECONDS = 1;
    private static final long BOUND_SECONDS = 2L * RETRIED / LIMIT + 60;

    @Option(names = "--waiting", defaultValue = "6000", description = "Requests of the backlog (${DEFAULT-VALUE}).")
    private int waiting;

    @Mixin
    private ScenarioRunner runner = new ScenarioRunner();

    @Override
    public Integer call() throws IOException, InterruptedException {
        runner.within("--waiting", waiting, 1, 1_000_000);
        return runner.run(this::measure);
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        RequestTimes times = new RequestTimes(RETRIED + waiting + 100);
        StandInSettings settings =
                StandInSettings.DEFAULT.withLatency(LatencyModel.fixed(LATENCY)).withLimit(RateLimit.requests(LIMIT));
        try (BenchRig rig = runner.rig(folder, times, BenchRig.PARTITIONS, settings)) {
            runner.warmUp(rig);
            rig.publisher().publishBacklog(RETRIED, number -> RequestBodies.failedOnce(number, RETRY_AFTER_SECONDS));
            rig.publisher().publishBacklog(waiting, RequestBodies::small);
            rig.pacedWorker(List.of("--limit=*=" + LIMIT + "/s"));
            boolean all = rig.waitFor(
                    rig.firstCall(),
                    BOUND_SECONDS,
                    () -> late(rig.api().history()).count() >= RETRIED);
            Percentiles late = late(rig.api().history());
            return new ScenarioResult()
                    .put("called again after they are due, ms later", late)
                    .bound(MeasuredBound.is("all called again within " + BOUND_SECONDS + " s", all))
                    .bound(new MeasuredBound("latest, ms", late.at(100), 1_500));
        }
    }

    /** Returns by how many milliseconds each second call of a body came after it was due. */
    private static Percentiles late(List<ReceivedCall> calls) {
        Map<Long, Long> failedAt = new HashMap<>();
        LongStream.Builder late = LongStream.builder();
        for (ReceivedCall call : calls) {
            Long failed = failedAt.putIfAbsent(call.bodyHash(), call.nanoTime());
            if (failed != null) {
                late.add(TimeUnit.NANOSECONDS.toMillis(call.nanoTime() - failed)
                        - TimeUnit.SECONDS.toMillis(RETRY_AFTER_SECONDS));
            }
        }
        return Percentiles.of(late.build());
    }
}
