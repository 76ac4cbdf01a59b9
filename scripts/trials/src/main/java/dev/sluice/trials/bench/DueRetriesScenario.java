package dev.sluice.trials.bench;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.RateLimit;
import dev.sluice.sandbox.ReceivedCall;
import dev.sluice.sandbox.StandInSettings;
import java.io.IOException;
import java.net.HttpURLConnection;
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
        description = "A backlog at the limit, of which every 20th request fails once and is due again after a second: "
                + "how late these are called again.")
final class DueRetriesScenario implements Callable<Integer> {
    private static final Duration LATENCY = Duration.ofMillis(50);
    private static final int LIMIT = 5;
    private static final int REQUESTS_PER_FAILURE = 20;
    private static final int RETRY_AFTER_SECONDS = 1;
    private static final int BOUND_MILLIS = 1_500;

    @Option(names = "--waiting", defaultValue = "6000", description = "Requests of the backlog (${DEFAULT-VALUE}).")
    private int waiting;

    @Option(names = "--seconds", defaultValue = "120", description = "Of measuring (${DEFAULT-VALUE}).")
    private int seconds;

    @Mixin
    private ScenarioRunner runner = new ScenarioRunner();

    @Override
    public Integer call() throws IOException, InterruptedException {
        runner.within("--waiting", waiting, 1, 1_000_000);
        runner.within("--seconds", seconds, 1, 3_600);
        return runner.run(this::measure);
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        RequestTimes times = new RequestTimes(waiting + 100);
        StandInSettings settings =
                StandInSettings.DEFAULT.withLatency(LatencyModel.fixed(LATENCY)).withLimit(RateLimit.requests(LIMIT));
        try (BenchRig rig = runner.rig(folder, times, BenchRig.PARTITIONS, settings)) {
            runner.warmUp(rig);
            rig.publisher()
                    .publishBacklog(
                            waiting,
                            number -> number % REQUESTS_PER_FAILURE == 0
                                    ? RequestBodies.failedOnce(number, RETRY_AFTER_SECONDS)
                                    : RequestBodies.small(number));
            rig.pacedWorker(List.of("--limit=*=" + LIMIT + "/s"));
            long start = rig.firstCall();
            boolean unused = rig.waitFor(start, seconds, () -> false);
            long end = System.nanoTime();
            Percentiles late = late(rig.api().history());
            return new ScenarioResult()
                    .put("called again after they are due, ms later", late)
                    .bound(MeasuredBound.is("some have failed", late.count() > 0))
                    .bound(MeasuredBound.none(
                            "due and not called again", forgotten(rig.api().history(), end)))
                    .bound(new MeasuredBound("latest, ms", late.at(100), BOUND_MILLIS));
        }
    }

    /** Returns how many have failed, should have been called again before the end, and were not. */
    private static long forgotten(List<ReceivedCall> calls, long end) {
        long dueAt = end - TimeUnit.SECONDS.toNanos(RETRY_AFTER_SECONDS) - TimeUnit.MILLISECONDS.toNanos(BOUND_MILLIS);
        Map<Long, Integer> lastStatus = new HashMap<>();
        calls.stream()
                .filter(call -> call.nanoTime() < dueAt || lastStatus.containsKey(call.bodyHash()))
                .forEach(call -> lastStatus.put(call.bodyHash(), call.status()));
        return lastStatus.values().stream()
                .filter(status -> status == HttpURLConnection.HTTP_UNAVAILABLE)
                .count();
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
