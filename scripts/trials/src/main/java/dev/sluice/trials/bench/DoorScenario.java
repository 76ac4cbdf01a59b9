package dev.sluice.trials.bench;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.trials.PolledCondition;
import dev.sluice.trials.WorkerProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code door} command: measures what a call through the HTTP door takes longer than one to the API. */
@Command(
        name = "door",
        mixinStandardHelpOptions = true,
        description = "Calls over HTTP at a steady rate, whatever becomes of them: first to the stand-in itself, then "
                + "through an HTTP door, Kafka and a worker. The bounds are for what the latter take longer.")
final class DoorScenario implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @Option(names = "--rate", defaultValue = "50", description = "Calls per second (${DEFAULT-VALUE}).")
    private int rate;

    @Option(names = "--latency", defaultValue = "50", description = "Of the stand-in, in ms (${DEFAULT-VALUE}).")
    private int latency;

    @Option(names = "--warm-up", defaultValue = "20", description = "Seconds that do not count (${DEFAULT-VALUE}).")
    private int warmUp;

    @Option(names = "--seconds", defaultValue = "30", description = "Seconds that do (${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--p50", defaultValue = "15", description = "The bound, in ms (${DEFAULT-VALUE}).")
    private long p50;

    @Option(names = "--p99", defaultValue = "40", description = "The bound, in ms (${DEFAULT-VALUE}).")
    private long p99;

    @Option(names = "--stream", description = "Stream the answers; what counts is the time to the first text.")
    private boolean stream;

    @Option(
            names = "--bulk",
            paramLabel = "RATE",
            defaultValue = "0",
            description = "Requests per second that are published to Kafka meanwhile (${DEFAULT-VALUE}).")
    private int bulk;

    @Option(
            names = "--at-once",
            paramLabel = "CALLS",
            defaultValue = "0",
            description = "Instead: so many calls at once over a limit of " + DoorBurst.PER_SECOND
                    + "/s, and meanwhile ten with an express key. The bounds are for what is used of the limit, and "
                    + "for what the express calls take longer than one to the stand-in.")
    private int atOnce;

    @Mixin
    private ScenarioRunner runner = new ScenarioRunner();

    @Override
    public Integer call() throws IOException, InterruptedException {
        runner.within("--rate", rate, 1, 2_000);
        runner.within("--latency", latency, 0, 60_000);
        runner.within("--warm-up", warmUp, 0, 600);
        runner.within("--seconds", seconds, 1, 3_600);
        runner.within("--bulk", bulk, 0, 2_000);
        runner.within("--at-once", atOnce, 0, 1_000);
        return runner.run(
                atOnce == 0 ? this::measure : folder -> new DoorBurst(runner, latency, atOnce, warmUp).measure(folder));
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        StandInSettings settings = StandInSettings.DEFAULT.withLatency(LatencyModel.fixed(Duration.ofMillis(latency)));
        // both runs, and what their ends and the warm-up take
        RequestTimes times = new RequestTimes(10_000 + 2 * bulk * (warmUp + seconds + 120));
        try (BenchRig rig = runner.rig(folder, times, BenchRig.PARTITIONS, settings)) {
            runner.warmUp(rig);
            WorkerProcess worker = rig.worker();
            BenchRig.StartedDoor started = rig.gateway();
            WorkerProcess door = started.process();
            PolledCondition.await(
                    "partitions", PATIENCE, () -> worker.joinedAt().isPresent());

            if (bulk > 0) {
                SteadyLoad unused = rig.load(bulk, place -> rig.publisher().publish(0)); // the rig ends it
            }
            TimedCalls direct = new TimedCalls(rig.api().baseUrl(), "1", stream);
            TimedCalls through = new TimedCalls(started.baseUrl(), "1", stream);
            Percentiles api = run(rig, direct);
            long cpuBefore = MachineDescription.cpuMillis(door.pid());
            Percentiles queued = run(rig, through);
            long cpu = MachineDescription.cpuMillis(door.pid()) - cpuBefore;
            return new ScenarioResult()
                    .row("the API", row(api))
                    .row("through the door", row(queued))
                    .put("CPU of the door per call, ms", millis(1_000 * cpu / ((long) rate * (warmUp + seconds))))
                    .put("peak RSS of the door, MiB", door.peakKib() / 1_024)
                    .bound(MeasuredBound.none("calls that failed", (long) direct.failed() + through.failed()))
                    .bound(new MeasuredBound("p50 over the API, ms", over(queued, api, 50), p50))
                    .bound(new MeasuredBound("p99 over the API, ms", over(queued, api, 99), p99));
        }
    }

    private Percentiles run(BenchRig rig, TimedCalls calls) throws InterruptedException {
        try (SteadyLoad load = rig.load(rate, place -> calls.send())) {
            Thread.sleep(Duration.ofSeconds(warmUp).toMillis());
            calls.count();
            Thread.sleep(Duration.ofSeconds(seconds).toMillis());
        }
        return calls.times();
    }

    private static Map<String, String> row(Percentiles micros) {
        Map<String, String> row = new LinkedHashMap<>();
        row.put("p50, ms", millis(micros.at(50)));
        row.put("p99, ms", millis(micros.at(99)));
        row.put("most, ms", millis(micros.at(100)));
        return row;
    }

    private static String millis(long micros) {
        return String.format(Locale.ROOT, "%.1f", micros / 1_000.0);
    }

    private static long over(Percentiles micros, Percentiles less, int percent) {
        return Math.round((micros.at(percent) - less.at(percent)) / 1_000.0);
    }
}
