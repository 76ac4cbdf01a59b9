package dev.sluice.trials.bench;

import dev.sluice.sandbox.StandInSettings;
import dev.sluice.trials.PolledCondition;
import dev.sluice.trials.WorkerProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.stream.LongStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code start} command: measures how long a worker takes until it has its partitions. */
@Command(
        name = "start",
        mixinStandardHelpOptions = true,
        description =
                "Starts workers, one after another: time from the start of the process to when it says that it has "
                        + "joined its group and has partitions. It has polled before that.")
final class StartUpScenario implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @Option(names = "--runs", defaultValue = "5", description = "How many starts (${DEFAULT-VALUE}).")
    private int runs;

    @Option(names = "--bound", defaultValue = "1500", description = "Of the median, in ms (${DEFAULT-VALUE}).")
    private long bound;

    @Mixin
    private ScenarioRunner runner = new ScenarioRunner();

    @Override
    public Integer call() throws IOException, InterruptedException {
        runner.within("--runs", runs, 1, 100);
        return runner.run(this::measure);
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        LongStream.Builder took = LongStream.builder();
        LongStream.Builder memory = LongStream.builder();
        try (BenchRig rig = runner.rig(folder, new RequestTimes(1), BenchRig.PARTITIONS, StandInSettings.DEFAULT)) {
            runner.warmUp(rig);
            for (int run = 0; run < runs; run++) {
                long startedAt = System.currentTimeMillis();
                WorkerProcess worker = rig.worker();
                PolledCondition.await(
                        "partitions", PATIENCE, () -> worker.joinedAt().isPresent());
                took.add(worker.joinedAt().orElseThrow().toEpochMilli() - startedAt);
                memory.add(worker.peakKib() / 1_024);
                BenchRig.terminate(worker);
            }
        }
        Percentiles millis = Percentiles.of(took.build());
        return new ScenarioResult()
                .put("from the start of the process to its partitions, ms", millis)
                .put("peak RSS until then, MiB", Percentiles.of(memory.build()))
                .bound(new MeasuredBound("median, ms", millis.at(50), bound));
    }
}
