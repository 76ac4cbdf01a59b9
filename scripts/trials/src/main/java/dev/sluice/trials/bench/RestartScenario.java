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
import java.util.function.ToLongFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code restart} command: measures how long nothing is answered after the only worker is killed and restarted. */
@Command(
        name = "restart",
        mixinStandardHelpOptions = true,
        description = "Kills the only worker (SIGKILL) with calls in flight and starts it again at once: time from the "
                + "kill to the first reply to a call of the new one, as a read_committed reader sees it.")
final class RestartScenario implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @Option(names = "--rate", defaultValue = "50", description = "Requests per second (${DEFAULT-VALUE}).")
    private int rate;

    @Option(names = "--latency", defaultValue = "1000", description = "Of the API, in ms (${DEFAULT-VALUE}).")
    private long latency;

    @Option(names = "--load", defaultValue = "10", description = "Seconds of load before the kill (${DEFAULT-VALUE}).")
    private int load;

    @Option(names = "--instance-id", description = "The worker has a fixed instance id.")
    private boolean instanceId;

    @Option(names = "--runs", defaultValue = "1", description = "How many kills; medians count (${DEFAULT-VALUE}).")
    private int runs;

    @Option(names = "--bound", defaultValue = "15000", description = "In ms (${DEFAULT-VALUE}).")
    private long bound;

    @Mixin
    private ScenarioRunner runner = new ScenarioRunner();

    @Override
    public Integer call() throws IOException, InterruptedException {
        runner.within("--rate", rate, 1, 2_000);
        runner.within("--latency", latency, 1, 60_000);
        runner.within("--load", load, 1, 600);
        runner.within("--runs", runs, 1, 100);
        return runner.run(this::measure);
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        List<KilledRun> done = new ArrayList<>();
        for (int run = 1; run <= runs; run++) {
            ScenarioRunner.say("run " + run + " of " + runs);
            done.add(run(folder.resolve("run-" + run)));
        }
        Percentiles back = percentiles(done, KilledRun::reply);
        boolean answered = done.stream().allMatch(KilledRun::answered);
        return new ScenarioResult()
                .put("calls in flight at the kill", percentiles(done, KilledRun::inFlight))
                .put("from the kill to the first new call, ms", percentiles(done, KilledRun::call))
                .put("from the kill to the first new reply, ms", back)
                .bound(new MeasuredBound("median of ms without replies", back.at(50), bound))
                .bound(MeasuredBound.is("every request is answered", answered))
                .bound(MeasuredBound.none("more than one reply", sum(done, KilledRun::repeated)))
                .bound(MeasuredBound.none("failed", sum(done, KilledRun::failed)));
    }

    private static Percentiles percentiles(List<KilledRun> runs, ToLongFunction<KilledRun> figure) {
        return Percentiles.of(runs.stream().mapToLong(figure));
    }

    private static long sum(List<KilledRun> runs, ToLongFunction<KilledRun> figure) {
        return runs.stream().mapToLong(figure).sum();
    }

    /**
     * The figures of one kill.
     *
     * @param call milliseconds from the kill to the first new call
     * @param reply milliseconds from the kill to the first reply to a new call
     */
    private record KilledRun(long inFlight, long call, long reply, boolean answered, long repeated, long failed) {}

    private KilledRun run(Path folder) throws IOException, InterruptedException {
        RequestTimes times = new RequestTimes(rate * (load + (int) PATIENCE.toSeconds() * 3));
        String[] options = instanceId ? new String[] {"--instance-id=bench"} : new String[0];
        StandInSettings settings = StandInSettings.DEFAULT.withLatency(LatencyModel.fixed(Duration.ofMillis(latency)));
        try (BenchRig rig = runner.rig(folder, times, BenchRig.PARTITIONS, settings)) {
            WorkerProcess first = rig.worker(options);
            rig.awaitServing();
            SteadyLoad steady = rig.load(rate, place -> rig.publisher().publish(0));
            Thread.sleep(Duration.ofSeconds(load).toMillis());
            long inFlight = times.count(times::isUnderWay);
            long killedAt = System.currentTimeMillis();
            first.kill();
            WorkerProcess second = rig.worker(options);
            PolledCondition.await("a reply to a call of the second worker", PATIENCE, () -> firstReply(times) != 0);
            long reply = firstReply(times) - killedAt;
            steady.close();
            boolean answered = PolledCondition.holdsWithin(PATIENCE, times::isAnswered);
            BenchRig.terminate(second);
            long call = firstCall(times) - killedAt;
            return new KilledRun(inFlight, call, reply, answered, times.count(times::isRepeated), times.failures());
        }
    }

    private static long firstReply(RequestTimes times) {
        return times.numbers()
                .filter(number -> times.caller(number) == 2 && times.repliedAt(number) != 0)
                .mapToLong(times::repliedAt)
                .min()
                .orElse(0);
    }

    private static long firstCall(RequestTimes times) {
        return times.numbers()
                .filter(number -> times.caller(number) == 2 && times.calls(number) == 1)
                .mapToLong(times::calledAt)
                .min()
                .orElse(0);
    }
}
