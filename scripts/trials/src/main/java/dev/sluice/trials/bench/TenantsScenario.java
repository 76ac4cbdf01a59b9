package dev.sluice.trials.bench;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.RateLimit;
import dev.sluice.sandbox.StandInSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code tenants} scenario: measures how long small tenants wait for a giant one at the limit of one model. */
@Command(
        name = "tenants",
        mixinStandardHelpOptions = true,
        description = {
            "Three tenants of very different sizes in one model at a limit of 50 a second, published at once, one "
                    + "worker: how long the two smaller ones wait from when their requests are read, and how much of "
                    + "the limit is used meanwhile.",
            "",
            "When they are read cannot be seen from outside. Where the three are published in turns, it is taken to be "
                    + "the first call of any request. With --giant-first it is, for each partition, when the last of "
                    + "the giant's requests before them is seen to have moved to the overflow topic, or when the first "
                    + "of theirs is called, if that is earlier. If none moves it is the first call of any request."
        })
final class TenantsScenario implements Callable<Integer> {
    private static final Duration LATENCY = Duration.ofMillis(50);
    private static final int LIMIT = 50;
    private static final long PATIENCE_SECONDS = 300;

    @Option(names = "--giant", defaultValue = "100000", description = "Of the first tenant (${DEFAULT-VALUE}).")
    private int giant;

    @Option(names = "--medium", defaultValue = "1000", description = "Of the second tenant (${DEFAULT-VALUE}).")
    private int medium;

    @Option(names = "--small", defaultValue = "10", description = "Of the third tenant (${DEFAULT-VALUE}).")
    private int small;

    @Option(names = "--giant-first", description = "All of the first tenant are published before the others.")
    private boolean giantFirst;

    @Mixin
    private ScenarioRunner runner = new ScenarioRunner();

    @Override
    public Integer call() throws IOException, InterruptedException {
        runner.within("--giant", giant, 1, 10_000_000);
        runner.within("--medium", medium, 1, 100_000);
        runner.within("--small", small, 1, 100_000);
        return runner.run(this::measure);
    }

    /** The requests of the two smaller tenants. */
    private record SmallerTenants(RequestGroup medium, RequestGroup small) {
        boolean areAnswered() {
            return small.isAnswered() && medium.isAnswered();
        }

        OptionalLong firstCall(int partition) {
            IntPredicate there = place -> place % BenchRig.PARTITIONS == partition;
            return LongStream.concat(small.firstCall(there).stream(), medium.firstCall(there).stream())
                    .min();
        }
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        RequestTimes times = new RequestTimes(giant + medium + small);
        StandInSettings settings =
                StandInSettings.DEFAULT.withLatency(LatencyModel.fixed(LATENCY)).withLimit(RateLimit.requests(LIMIT));
        try (BenchRig rig = runner.rig(folder, times, BenchRig.PARTITIONS, settings, BenchRig.HEAP)) {
            runner.warmUp(rig);
            SmallerTenants tenants = publish(rig.publisher(), times);
            OverflowWatch watch = new OverflowWatch(rig.offsets());
            watch.look(System.currentTimeMillis());
            rig.pacedWorker(List.of("--limit=*=" + LIMIT + "/s"));
            long first = rig.firstCall();
            boolean answered = rig.waitFor(first, PATIENCE_SECONDS, () -> {
                watch.look(System.currentTimeMillis());
                return tenants.areAnswered();
            });
            long to = System.nanoTime();
            CallTraffic traffic = new CallTraffic(rig.api().history(), new LimitTimeline(first, LIMIT), false);
            return judge(tenants, times, watch, answered, traffic.utilisation(first, to))
                    .put("peak RSS of the worker, MiB", rig.peakMib())
                    .put("moved to the overflow topic", rig.killAndCountMoved());
        }
    }

    private SmallerTenants publish(NumberedPublisher publisher, RequestTimes times) {
        IntStream.Builder mediums = IntStream.builder();
        IntStream.Builder smalls = IntStream.builder();
        int before = giantFirst ? giant : 0;
        for (int i = 0; i < before; i++) {
            var unused = publisher.publish(i, "giant", RequestBodies::small);
        }
        for (int i = 0; i < Math.max(giant - before, Math.max(medium, small)); i++) {
            if (i < giant - before) {
                var unused = publisher.publish(i, "giant", RequestBodies::small);
            }
            if (i < medium) {
                mediums.add(publisher.publish(i, "medium", RequestBodies::small));
            }
            if (i < small) {
                smalls.add(publisher.publish(i, "small", RequestBodies::small));
            }
        }
        publisher.confirm();
        return new SmallerTenants(new RequestGroup(times, mediums.build()), new RequestGroup(times, smalls.build()));
    }

    /** Returns when those requests of a partition were read that have all of the giant's before them. */
    private static long readAt(int partition, SmallerTenants tenants, OverflowWatch watch, long firstCall) {
        long moved = watch.grownAt(partition);
        long called = tenants.firstCall(partition).orElse(Long.MAX_VALUE);
        return Math.max(firstCall, Math.min(moved, called));
    }

    private ScenarioResult judge(
            SmallerTenants tenants, RequestTimes times, OverflowWatch watch, boolean answered, double used) {
        long called = times.firstCall();
        long[] read = IntStream.range(0, BenchRig.PARTITIONS)
                .mapToLong(partition -> giantFirst ? readAt(partition, tenants, watch, called) : called)
                .toArray();
        // each request of the smallest from when its own partition is read, the others from when the first one is
        Percentiles smallest = tenants.small().repliedAfter(place -> read[place % read.length]);
        long firstRead = LongStream.of(read).limit(medium).min().orElseThrow();
        Percentiles middle = tenants.medium().repliedAfter(place -> firstRead);
        return new ScenarioResult()
                .put(
                        "first call to the last partition read, ms",
                        LongStream.of(read).max().orElseThrow() - called)
                .put("the " + small + ": from read to reply, ms", smallest)
                .put("the " + medium + ": from read to reply, ms", middle)
                .put("of the limit used, per mille", PaceOutcome.perMille(used))
                .bound(MeasuredBound.is("all of the smaller tenants answered", answered))
                .bound(new MeasuredBound("last of the " + small + ", ms", smallest.at(100), 2_000))
                .bound(new MeasuredBound("last of the " + medium + ", ms", middle.at(100), 45_000))
                .bound(PaceOutcome.missing(used, 950))
                .bound(MeasuredBound.none("failed", times.failures()));
    }
}
