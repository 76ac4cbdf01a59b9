package dev.sluice.trials.bench;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.trials.WorkerProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Whether workers and partitions can come and go while a queue drains, without a call too many. */
@Command(
        name = "scaling",
        mixinStandardHelpOptions = true,
        description = "A queue drains while workers go from 1 to 4 and back and its topics from 8 to 12 partitions: "
                + "calls repeated, replies, and how long the new partitions wait.")
final class ScalingScenario implements Callable<Integer> {
    private static final int PARTITIONS = 8;
    private static final int WIDER = 12;
    private static final int WORKERS = 4;
    private static final int PER_NEW_PARTITION = 20;
    private static final LatencyModel LATENCY =
            new LatencyModel.Uniform(Duration.ofMillis(200), Duration.ofMillis(800));
    private static final Duration PATIENCE = Duration.ofMinutes(6);

    @Option(names = "--requests", defaultValue = "3000", description = "In the queue (${DEFAULT-VALUE}).")
    private int requests;

    @Option(
            names = "--step",
            defaultValue = "5",
            description = "Seconds from one change to the next (${DEFAULT-VALUE}).")
    private int step;

    @Option(
            names = "--in-flight",
            defaultValue = "16",
            description = "Most calls at once, of each worker " + "(${DEFAULT-VALUE}).")
    private int inFlight;

    @Option(
            names = "--bound",
            defaultValue = "60000",
            description = "From widening to the first reply from a new " + "partition, in ms (${DEFAULT-VALUE}).")
    private long bound;

    @Mixin
    private BenchScenario bench = new BenchScenario();

    @Override
    public Integer call() throws IOException, InterruptedException {
        bench.within("--requests", requests, 1, 1_000_000);
        bench.within("--step", step, 1, 600);
        bench.within("--in-flight", inFlight, 1, 1_000);
        return bench.run(this::measure);
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        int added = (WIDER - PARTITIONS) * PER_NEW_PARTITION;
        RequestTimes ledger = new RequestTimes(requests + added + 1);
        try (BenchRig rig = bench.rig(folder, ledger)) {
            BenchRig.Ends ends = rig.open(PARTITIONS, LATENCY);
            for (int i = 0; i < requests; i++) {
                ends.publisher().publish(i % PARTITIONS, 0);
            }
            ends.publisher().flush();
            List<WorkerProcess> workers = grow(rig, ends);
            long askedAt = System.currentTimeMillis();
            rig.createTopics(ends.bootstrapServers(), WIDER);
            long widenedAt = System.currentTimeMillis();
            for (int i = 0; i < added; i++) {
                ends.publisher().publish(PARTITIONS + i % (WIDER - PARTITIONS), 0);
            }
            ends.publisher().flush();
            long answeredBefore = answered(ledger);
            shrink(workers);
            long answeredAfter = answered(ledger);
            boolean all = BenchRig.comesTrue(PATIENCE, () -> answered(ledger) == requests + added);
            BenchRig.terminate(workers.get(0));
            return judge(ledger, widenedAt, all)
                    .put("widening took, ms", widenedAt - askedAt)
                    .put("answered before the first worker stopped", answeredBefore)
                    .put("answered after the last but one stopped", answeredAfter);
        }
    }

    private List<WorkerProcess> grow(BenchRig rig, BenchRig.Ends ends) throws InterruptedException {
        List<WorkerProcess> workers = new ArrayList<>();
        for (int i = 0; i < WORKERS; i++) {
            workers.add(rig.worker(ends, "--max-in-flight=" + inFlight));
            Thread.sleep(Duration.ofSeconds(step).toMillis());
        }
        return workers;
    }

    private void shrink(List<WorkerProcess> workers) throws InterruptedException {
        for (WorkerProcess worker : workers.subList(1, workers.size())) {
            Thread.sleep(Duration.ofSeconds(step).toMillis());
            BenchRig.terminate(worker);
        }
    }

    private static long answered(RequestTimes ledger) {
        return ledger.numbers().filter(number -> ledger.replies(number) > 0).count();
    }

    /** No call takes as long as the drain time: every repeated one was needless. */
    private ScenarioResult judge(RequestTimes ledger, long widenedAt, boolean all) {
        long first = ledger.numbers()
                .skip(requests)
                .mapToLong(ledger::repliedAt)
                .filter(at -> at != 0)
                .min()
                .orElse(Long.MAX_VALUE);
        Percentiles waits = Percentiles.of(ledger.numbers()
                .skip(requests)
                .filter(number -> ledger.repliedAt(number) != 0)
                .mapToLong(number -> ledger.repliedAt(number) - widenedAt));
        return new ScenarioResult()
                .put("from widening to replies from new partitions", waits)
                .bound(MeasuredBound.none(
                        "requests called again",
                        ledger.numbers().filter(n -> ledger.calls(n) > 1).count()))
                .bound(MeasuredBound.none(
                        "requests with more than one reply",
                        ledger.numbers().filter(n -> ledger.replies(n) > 1).count()))
                .bound(MeasuredBound.is("every request is answered", all))
                .bound(MeasuredBound.none("failed", ledger.failures()))
                .bound(new MeasuredBound("ms to the first reply from a new partition", first - widenedAt, bound));
    }
}
