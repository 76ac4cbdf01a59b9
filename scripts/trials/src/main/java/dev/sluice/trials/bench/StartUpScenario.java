package dev.sluice.trials.bench;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.trials.WorkerProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.LongStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How long a worker takes to come up. */
@Command(
        name = "start",
        mixinStandardHelpOptions = true,
        description =
                "Starts workers, one after another: time from the start of the process to when it says that it has "
                        + "joined its group and has partitions. It has polled before that.")
final class StartUpScenario implements Callable<Integer> {
    private static final int PARTITIONS = 12;
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final String JOINED = "partitions assigned";

    @Option(names = "--runs", defaultValue = "5", description = "How many starts (${DEFAULT-VALUE}).")
    private int runs;

    @Option(names = "--bound", defaultValue = "1500", description = "Of the median, in ms (${DEFAULT-VALUE}).")
    private long bound;

    @Mixin
    private BenchScenario bench = new BenchScenario();

    @Override
    public Integer call() throws IOException, InterruptedException {
        bench.within("--runs", runs, 1, 100);
        return bench.run(this::measure);
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        LongStream.Builder took = LongStream.builder();
        LongStream.Builder memory = LongStream.builder();
        try (BenchRig rig = bench.rig(folder, new RequestTimes(1))) {
            BenchRig.Ends ends = rig.open(PARTITIONS, LatencyModel.NONE);
            bench.warmUp(ends);
            for (int run = 0; run < runs; run++) {
                long startedAt = System.currentTimeMillis();
                WorkerProcess worker = rig.worker(ends);
                BenchRig.await(JOINED, PATIENCE, () -> joinedAt(worker).isPresent());
                took.add(joinedAt(worker).orElseThrow() - startedAt);
                memory.add(MachineDescription.peakKib(worker.pid()) / 1_024);
                BenchRig.terminate(worker);
            }
        }
        Percentiles times = Percentiles.of(took.build());
        return new ScenarioResult()
                .put("from the start of the process to its partitions, ms", times)
                .put("peak RSS until then, MiB", Percentiles.of(memory.build()))
                .bound(new MeasuredBound("median, ms", times.at(50), bound));
    }

    /** Epoch milliseconds, as its log says. */
    private static Optional<Long> joinedAt(WorkerProcess worker) {
        return worker.log().stream()
                .filter(line -> line.contains(JOINED))
                .map(line -> Instant.parse(line.substring(0, line.indexOf(' '))).toEpochMilli())
                .findFirst();
    }
}
