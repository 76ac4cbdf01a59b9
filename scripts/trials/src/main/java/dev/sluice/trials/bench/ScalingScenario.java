package dev.sluice.trials.bench;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.trials.PolledCondition;
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

/** The {@code scaling} command: adds and removes workers and adds partitions while a queue drains. */
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
    private ScenarioRunner runner = new ScenarioRunner();

    @Override
    public Integer call() throws IOException, InterruptedException {
        runner.within("--requests", requests, 1, 1_000_000);
        runner.within("--step", step, 1, 600);
        runner.within("--in-flight", inFlight, 1, 1_000);
        return runner.run(this::measure);
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        int added = (WIDER - PARTITIONS) * PER_NEW_PARTITION;
        RequestTimes times = new RequestTimes(requests + added + 1);
        StandInSettings settings = StandInSettings.DEFAULT.withLatency(LATENCY);
        try (BenchRig rig = runner.rig(folder, times, PARTITIONS, settings)) {
            rig.publisher().publishBacklog(requests, RequestBodies::small);
            List<WorkerProcess> workers = grow(rig);
            long askedAt = System.currentTimeMillis();
            rig.widen(WIDER);
            long widenedAt = System.currentTimeMillis();
            for (int i = 0; i < added; i++) {
                rig.publisher().publishTo(PARTITIONS + i % (WIDER - PARTITIONS));
            }
            rig.publisher().confirm();
            long answeredBefore = times.count(times::isAnswered);
            shrink(workers);
            long answeredAfter = times.count(times::isAnswered);
            boolean all = PolledCondition.holdsWithin(PATIENCE, times::isAnswered);
            BenchRig.terminate(workers.get(0));
            return judge(times, widenedAt, all)
                    .put("widening took, ms", widenedAt - askedAt)
                    .put("answered before the first worker stopped", answeredBefore)
                    .put("answered after the last but one stopped", answeredAfter);
        }
    }

    private List<WorkerProcess> grow(BenchRig rig) throws InterruptedException {
        List<WorkerProcess> workers = new ArrayList<>();
        for (int i = 0; i < WORKERS; i++) {
            workers.add(rig.worker("--max-in-flight=" + 2 * inFlight));
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

    private ScenarioResult judge(RequestTimes times, long widenedAt, boolean all) {
        Percentiles waits = Percentiles.of(times.numbers()
                .skip(requests)
                .filter(times::isAnswered)
                .mapToLong(number -> times.repliedAt(number) - widenedAt));
        long first = waits.count() == 0 ? Long.MAX_VALUE : waits.at(0);
        // no call takes as long as the drain time, so every repeated call is needless
        long repeated = times.count(number -> times.calls(number) > 1);
        return new ScenarioResult()
                .put("from widening to replies from new partitions", waits)
                .bound(MeasuredBound.none("requests called again", repeated))
                .bound(MeasuredBound.none("requests with more than one reply", times.count(times::isRepeated)))
                .bound(MeasuredBound.is("every request is answered", all))
                .bound(MeasuredBound.none("failed", times.failures()))
                .bound(new MeasuredBound("ms to the first reply from a new partition", first, bound));
    }
}
