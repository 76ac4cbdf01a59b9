package dev.sluice.trials.bench;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.ReceivedCall;
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

/** How exactly a refused request is called again. */
@Command(
        name = "retry",
        mixinStandardHelpOptions = true,
        description =
                "Requests at a steady rate, each refused with 429 and a wait at its first call: how much later than "
                        + "after that wait it is called again. A refusal stops its model for that wait, so that with "
                        + "many a second they meet afterwards.")
final class RetryScenario implements Callable<Integer> {
    private static final int PARTITIONS = 12;
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
    private BenchScenario bench = new BenchScenario();

    @Override
    public Integer call() throws IOException, InterruptedException {
        bench.within("--rate", rate, 1, 1_000);
        bench.within("--reset", reset, 1, 600);
        bench.within("--warm-up", warmUp, 0, 600);
        bench.within("--seconds", seconds, 1, 600);
        return bench.run(this::measure);
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        RequestTimes ledger = new RequestTimes(rate * (warmUp + seconds) + 1);
        try (BenchRig rig = bench.rig(folder, ledger)) {
            BenchRig.Ends ends = rig.open(PARTITIONS, LatencyModel.NONE);
            bench.warmUp(ends);
            rig.worker(ends);
            rig.awaitServing(ends);
            publish(ends.publisher());
            BenchRig.await("all replies", PATIENCE, ledger::isAnswered);
            List<ReceivedCall> calls = ends.api().history();
            Percentiles late = lateness(calls, calls.get(0).nanoTime() + TimeUnit.SECONDS.toNanos(warmUp));
            return new ScenarioResult()
                    .put("called again after the wait, ms later", late)
                    .bound(new MeasuredBound("p50", late.at(50), p50))
                    .bound(new MeasuredBound("p99", late.at(99), p99))
                    .bound(MeasuredBound.none("failed", ledger.failures()));
        }
    }

    private void publish(RequestPublisher publisher) throws InterruptedException {
        long start = System.nanoTime();
        for (int i = 0; i < rate * (warmUp + seconds); i++) {
            TimeUnit.NANOSECONDS.sleep(start + i * TimeUnit.SECONDS.toNanos(1) / rate - System.nanoTime());
            publisher.publish(i % PARTITIONS, number -> PacedBodies.refusedOnce(number, reset));
        }
    }

    /** In ms, of those that were refused after {@code from}; a call's time is that of its arrival. */
    private Percentiles lateness(List<ReceivedCall> calls, long from) {
        Map<Long, Long> refusedAt = new HashMap<>();
        LongStream.Builder late = LongStream.builder();
        for (ReceivedCall call : calls) {
            Long refused = refusedAt.putIfAbsent(call.bodyHash(), call.nanoTime());
            if (refused != null && refused > from) {
                late.add(TimeUnit.NANOSECONDS.toMillis(call.nanoTime() - refused) - reset * 1_000L);
            }
        }
        return Percentiles.of(late.build());
    }
}
