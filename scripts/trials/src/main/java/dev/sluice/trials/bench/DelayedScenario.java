package dev.sluice.trials.bench;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.trials.PolledCondition;
import dev.sluice.trials.SluiceJar;
import dev.sluice.trials.WorkerProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.IntPredicate;
import org.apache.kafka.common.TopicPartition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code delayed} command: measures a worker with little memory and very many delayed requests. */
@Command(
        name = "delayed",
        mixinStandardHelpOptions = true,
        description = "Many requests that are due in the next hours, one worker with little memory, and a few that are "
                + "due now: time until all are parked in the delay tiers, latency of those due now, then the lateness "
                + "of what falls due.")
final class DelayedScenario implements Callable<Integer> {
    private static final Duration LATENCY = Duration.ofMillis(50);
    private static final long MAX_LATENESS_MILLIS = 1_000;
    private static final long LOOK_MILLIS = 1_000;
    private static final Duration PARKING_BOUND = Duration.ofMinutes(40);
    private static final Duration TAIL = Duration.ofSeconds(10);
    /** The golden ratio, the fractions of whose multiples spread evenly over [0, 1), never in order. */
    private static final double GOLDEN_RATIO = 0.618_033_988_749_894_9;

    @Option(names = "--requests", defaultValue = "1000000", description = "Due later (${DEFAULT-VALUE}).")
    private int requests;

    @Option(
            names = "--spread",
            defaultValue = "10800",
            description = "Seconds within which they are due " + "(${DEFAULT-VALUE}).")
    private int spread;

    @Option(
            names = "--watch",
            defaultValue = "720",
            description = "Seconds to watch what falls due, after all are " + "parked (${DEFAULT-VALUE}).")
    private int watch;

    @Option(names = "--rate", defaultValue = "20", description = "Due now, per second (${DEFAULT-VALUE}).")
    private int rate;

    @Option(names = "--heap", defaultValue = "256", description = "Of the worker, in MiB (${DEFAULT-VALUE}).")
    private int heap;

    @Mixin
    private ScenarioRunner runner = new ScenarioRunner();

    @Override
    public Integer call() throws IOException, InterruptedException {
        runner.within("--requests", requests, 1, 5_000_000);
        runner.within("--spread", spread, 1, 604_800);
        runner.within("--watch", watch, 1, 86_400);
        runner.within("--rate", rate, 1, 1_000);
        runner.within("--heap", heap, 32, 65_536);
        return runner.run(this::measure);
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        int others = rate * (watch + (int) PARKING_BOUND.toSeconds() * 2);
        RequestTimes times = new RequestTimes(requests + others);
        StandInSettings settings = StandInSettings.DEFAULT.withLatency(LatencyModel.fixed(LATENCY));
        Path gcLog = folder.resolve("gc.log");
        String[] jvmOptions = {"-Xmx" + heap + "m", "-Xlog:gc:file=" + gcLog};
        try (BenchRig rig = runner.rig(folder, times, BenchRig.PARTITIONS, settings, jvmOptions)) {
            WorkerProcess worker = rig.worker();
            rig.awaitServing();
            SteadyLoad steady = rig.load(rate, place -> rig.publisher().publish(0));
            Parking parking = park(rig, worker);
            long until = parking.parkedAt() + Duration.ofSeconds(watch).toMillis();
            while (worker.isAlive() && System.currentTimeMillis() < until) {
                Thread.sleep(LOOK_MILLIS);
            }
            steady.close();
            boolean answered = PolledCondition.holdsWithin(TAIL, () -> unanswered(times, until) == 0);
            ScenarioResult result = judge(times, parking, until)
                    .put("worker's RSS peak, KiB", worker.peakKib())
                    .put("worker's heap after GC at most, MiB", GcLog.peakMib(gcLog))
                    .bound(MeasuredBound.is("all that was due is answered", answered))
                    .bound(MeasuredBound.is("the worker lives", worker.isAlive()));
            BenchRig.terminate(worker);
            return result;
        }
    }

    /** The times of the first phase, in epoch milliseconds. */
    private record Parking(long start, long publishedAt, long parkedAt) {}

    /** Publishes the delayed requests and waits until the worker has parked all of them in the delay tiers. */
    private Parking park(BenchRig rig, WorkerProcess worker) throws InterruptedException {
        long start = System.currentTimeMillis();
        for (int i = 0; i < requests; i++) {
            rig.publisher().publish(due(start, i));
        }
        rig.publisher().flush();
        long publishedAt = System.currentTimeMillis();
        ScenarioRunner.say("published in " + (publishedAt - start) + " ms");
        Map<TopicPartition, Long> ends = rig.offsets().ends(List.of(SluiceJar.TOPICS.requests()));
        long deadline = System.nanoTime() + PARKING_BOUND.toNanos();
        while (!rig.offsets().uncommitted(ends).isEmpty()) {
            if (!worker.isAlive() || System.nanoTime() > deadline) {
                throw new IllegalStateException(
                        "not all requests are parked; the worker " + (worker.isAlive() ? "is too slow" : "has ended"));
            }
            Thread.sleep(LOOK_MILLIS / 2);
        }
        long parkedAt = System.currentTimeMillis();
        ScenarioRunner.say("parked " + (parkedAt - publishedAt) + " ms later");
        return new Parking(start, publishedAt, parkedAt);
    }

    private long due(long start, int place) {
        double fraction = place * GOLDEN_RATIO % 1;
        return start + (long) (fraction * Duration.ofSeconds(spread).toMillis());
    }

    /** Counts the unanswered requests that were due by that time. */
    private static long unanswered(RequestTimes times, long until) {
        return times.count(number -> times.notBefore(number) < until && !times.isAnswered(number));
    }

    private static ScenarioResult judge(RequestTimes times, Parking parking, long until) {
        long start = parking.start();
        long parkedAt = parking.parkedAt();
        Percentiles parked = lateness(times, n -> times.notBefore(n) != 0 && times.notBefore(n) < parkedAt);
        Percentiles watched = lateness(times, n -> times.notBefore(n) >= parkedAt && times.notBefore(n) < until);
        return new ScenarioResult()
                .put("published in, ms", parking.publishedAt() - start)
                .put("parked after the first was published, ms", parkedAt - start)
                .put("due now, while parking", dueNow(times, start, parkedAt))
                .put("due now, afterwards", dueNow(times, parkedAt, until))
                .put("lateness of those due while parking", parked)
                .put("lateness afterwards", watched)
                .bound(new MeasuredBound("p99 of the lateness afterwards", watched.at(99), MAX_LATENESS_MILLIS))
                .bound(MeasuredBound.none("early calls", times.count(times::isEarly)))
                .bound(MeasuredBound.none("failed", times.failures()));
    }

    private static Percentiles dueNow(RequestTimes times, long from, long until) {
        return lateness(
                times, n -> times.notBefore(n) == 0 && times.publishedAt(n) >= from && times.publishedAt(n) < until);
    }

    private static Percentiles lateness(RequestTimes times, IntPredicate which) {
        return Percentiles.of(times.numbers()
                .filter(which)
                .filter(number -> times.calledAt(number) != 0)
                .mapToLong(times::lateness));
    }
}
