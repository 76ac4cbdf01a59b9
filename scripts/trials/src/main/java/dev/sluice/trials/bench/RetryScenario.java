package dev.sluice.trials.bench;

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

/** The {@code retry} command: measures how exactly a rejected request is called again. */
@Command(
        name = "retry",
        mixinStandardHelpOptions = true,
        description =
                "Requests at a steady rate, each rejected with 429 and a wait at its first call: how much later than "
                        + "after that wait it is called again. A rejection stops its model for that wait, so that "
                        + "with many a second they meet afterwards.")
final class RetryScenario implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @Option(names = "--rate", defaultValue = "1", description = "Requests per second (${DEFAULT-VALUE}).")
    private int rate;

    @Option(names = "--reset", defaultValue = "2", description = "The wait, in s (${DEFAULT-VALUE}).")
    private int reset;

    @Option(names = "--warm-up", defaultValue = "10", description = "Seconds that do not count (${DEFAULT-VALUE}).")
    private int warmUp;

    @Option(names = "--seconds", defaultValue = "60", description = "Seconds that do (${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--p50", defaultValue = "15", description = "The bound, in ms (${DEFAULT-VALUE}).")
    private long p50;

    @Option(names = "--p99", defaultValue = "60", description = "The bound, in ms (${DEFAULT-VALUE}).")
    private long p99;

    @Mixin
    private ScenarioRunner runner = new ScenarioRunner();

    @Override
    public Integer call() throws IOException, InterruptedException {
        runner.within("--rate", rate, 1, 1_000);
        runner.within("--reset", reset, 1, 600);
        runner.within("--warm-up", warmUp, 0, 600);
        runner.within("--seconds", seconds, 1, 600);
        return runner.run(this::measure);
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        RequestTimes times = new RequestTimes(rate * (warmUp + seconds + (int) PATIENCE.toSeconds()));
        try (BenchRig rig = runner.rig(folder, times, BenchRig.PARTITIONS, StandInSettings.DEFAULT)) {
            runner.warmUp(rig);
            rig.worker();
            rig.awaitServing();
            int total = rate * (warmUp + seconds);
            SteadyLoad load = rig.load(rate, place -> {
                // the sleep below may last a little longer than the load
                if (place < total) {
                    rig.publisher().publish(number -> RequestBodies.rejectedOnce(number, reset));
                }
            });
            Thread.sleep(Duration.ofSeconds(warmUp + seconds).toMillis());
            load.close();
            rig.awaitAnswers(PATIENCE);
            List<ReceivedCall> calls = rig.api().history();
            Percentiles late = lateness(calls, calls.get(0).nanoTime() + TimeUnit.SECONDS.toNanos(warmUp));
            return new ScenarioResult()
                    .put("called again after the wait, ms later", late)
                    .bound(new MeasuredBound("p50", late.at(50), p50))
                    .bound(new MeasuredBound("p99", late.at(99), p99))
                    .bound(MeasuredBound.none("failed", times.failures()));
        }
    }

    /** Returns the lateness in ms of requests that were rejected after {@code from}. A call's time is its arrival. */
    private Percentiles lateness(List<ReceivedCall> calls, long from) {
        Map<Long, Long> rejectedAt = new HashMap<>();
        LongStream.Builder late = LongStream.builder();
        for (ReceivedCall call : calls) {
            Long rejected = rejectedAt.putIfAbsent(call.bodyHash(), call.nanoTime());
            if (rejected != null && rejected > from) {
                late.add(TimeUnit.NANOSECONDS.toMillis(call.nanoTime() - rejected) - reset * 1_000L);
            }
        }
        return Percentiles.of(late.build());
    }
}
