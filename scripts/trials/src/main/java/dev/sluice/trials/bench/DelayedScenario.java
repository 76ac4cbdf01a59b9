package dev.sluice.trials.bench;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.trials.WorkerProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.IntPredicate;
import org.apache.kafka.common.TopicPartition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Whether a worker with little memory can wait for very many requests, and serve the others meanwhile. */
@Command(
        name = "delayed",
        mixinStandardHelpOptions = true,
        description = "Many requests that are due in the next hours, one worker with little memory, and a few that are "
                + "due now: time until all are parked in the delay tiers, latency of those due now, then the lateness of "
                + "what falls due.")
final class DelayedScenario implements Callable<Integer> {
    private static final int PARTITIONS = 12;
    private static final Duration LATENCY = Duration.ofMillis(50);
    private static final long MAX_LATENESS_MILLIS = 1_000;
    private static final long LOOK_MILLIS = 1_000;
    private static final Duration PARKING_BOUND = Duration.ofMinutes(40);
    private static final Duration TAIL = Duration.ofSeconds(10);
    /** Fractions of its multiples are spread evenly and never in order. */
    private static final double GOLDEN = 0.618_033_988_749_894_9;

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
    private BenchScenario bench = new BenchScenario();

    @Override
    public Integer call() throws IOException, InterruptedException {
        bench.within("--requests", requests, 1, 5_000_000);
        bench.within("--spread", spread, 1, 604_800);
        bench.within("--watch", watch, 1, 86_400);
        bench.within("--rate", rate, 1, 1_000);
        bench.within("--heap", heap, 32, 65_536);
        return bench.run(this::measure);
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        int others = rate * (watch + (int) PARKING_BOUND.toSeconds() * 2);
        RequestTimes ledger = new RequestTimes(requests + others);
        Path gcLog = folder.resolve("gc.log");
        try (BenchRig rig = bench.rig(folder, ledger, "-Xmx" + heap + "m", "-Xlog:gc:file=" + gcLog)) {
            BenchRig.Ends ends = rig.open(PARTITIONS, LatencyModel.fixed(LATENCY));
            WorkerProcess worker = rig.worker(ends);
            rig.awaitServing(ends);
            SteadyLoad steady = rig.starts(new SteadyLoad(ends.publisher(), PARTITIONS, rate, i -> 0).start());
            long start = System.currentTimeMillis();
            for (int i = 0; i < requests; i++) {
                ends.publisher().publish(i % PARTITIONS, due(start, i));
            }
            ends.publisher().flush();
            long publishedAt = System.currentTimeMillis();
            BenchScenario.say("published in " + (publishedAt - start) + " ms");
            Map<TopicPartition, Long> bulk = ends.offsets().ends(PARTITIONS);
            awaitParked(ends, bulk, worker);
            long parkedAt = System.currentTimeMillis();
            BenchScenario.say("parked " + (parkedAt - publishedAt) + " ms later");
            long until = parkedAt + Duration.ofSeconds(watch).toMillis();
            while (worker.isAlive() && System.currentTimeMillis() < until) {
                Thread.sleep(LOOK_MILLIS);
            }
            steady.close();
            boolean answered = BenchRig.comesTrue(TAIL, () -> unanswered(ledger, until) == 0);
            ScenarioResult result = judge(ledger, start, publishedAt, parkedAt, until)
                    .put("worker's RSS peak, KiB", MachineDescription.peakKib(worker.pid()))
                    .put("worker's heap after GC at most, MiB", GcLog.peakMib(gcLog))
                    .bound(MeasuredBound.is("all that was due is answered", answered))
                    .bound(MeasuredBound.is("the worker lives", worker.isAlive()));
            BenchRig.terminate(worker);
            return result;
        }
    }

    private long due(long start, int place) {
        double fraction = place * GOLDEN % 1;
        return start + (long) (fraction * Duration.ofSeconds(spread).toMillis());
    }

    private static void awaitParked(BenchRig.Ends ends, Map<TopicPartition, Long> bulk, WorkerProcess worker)
            throws InterruptedException {
        long until = System.nanoTime() + PARKING_BOUND.toNanos();
        for (long left = ends.offsets().left(bulk);
                left > 0;
                left = ends.offsets().left(bulk)) {
            if (!worker.isAlive() || System.nanoTime() > until) {
                throw new IllegalStateException(left + " requests are not parked; the worker "
                        + (worker.isAlive() ? "is too slow" : "has ended"));
            }
            Thread.sleep(LOOK_MILLIS / 2);
        }
    }

    /** Requests that were due by then, or have no time of their own. */
    private static long unanswered(RequestTimes ledger, long until) {
        return ledger.numbers()
                .filter(number -> ledger.notBefore(number) < until && ledger.replies(number) == 0)
                .count();
    }

    private static ScenarioResult judge(RequestTimes ledger, long start, long publishedAt, long parkedAt, long until) {
        Percentiles watched = lateness(ledger, n -> ledger.notBefore(n) >= parkedAt && ledger.notBefore(n) < until);
        return new ScenarioResult()
                .put("published in, ms", publishedAt - start)
                .put("parked after the first was published, ms", parkedAt - start)
                .put("due now, while parking", dueNow(ledger, start, parkedAt))
                .put("due now, afterwards", dueNow(ledger, parkedAt, until))
                .put(
                        "lateness of those due while parking",
                        lateness(ledger, n -> ledger.notBefore(n) != 0 && ledger.notBefore(n) < parkedAt))
                .put("lateness afterwards", watched)
                .bound(new MeasuredBound("p99 of the lateness afterwards", watched.at(99), MAX_LATENESS_MILLIS))
                .bound(MeasuredBound.none(
                        "early calls", ledger.numbers().filter(ledger::isEarly).count()))
                .bound(MeasuredBound.none("failed", ledger.failures()));
    }

    private static Percentiles dueNow(RequestTimes ledger, long from, long until) {
        return lateness(
                ledger,
                n -> ledger.notBefore(n) == 0 && ledger.publishedAt(n) >= from && ledger.publishedAt(n) < until);
    }

    private static Percentiles lateness(RequestTimes ledger, IntPredicate which) {
        return Percentiles.of(ledger.numbers()
                .filter(which)
                .filter(number -> ledger.calledAt(number) != 0)
                .mapToLong(ledger::lateness));
    }
}
