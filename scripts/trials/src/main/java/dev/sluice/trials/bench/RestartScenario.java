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

/** How long nobody is served when the only worker is killed and started again at once. */
@Command(
        name = "restart",
        mixinStandardHelpOptions = true,
        description = "Kills the only worker (SIGKILL) with calls in flight and starts it again at once: time from the "
                + "kill to the first reply to a call of the new one, as a read_committed reader sees it.")
final class RestartScenario implements Callable<Integer> {
    private static final int PARTITIONS = 12;
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
    private BenchScenario bench = new BenchScenario();

    @Override
    public Integer call() throws IOException, InterruptedException {
        bench.within("--rate", rate, 1, 2_000);
        bench.within("--latency", latency, 1, 60_000);
        bench.within("--load", load, 1, 600);
        bench.within("--runs", runs, 1, 100);
        return bench.run(this::measure);
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        List<Round> rounds = new ArrayList<>();
        for (int run = 1; run <= runs; run++) {
            BenchScenario.say("run " + run + " of " + runs);
            rounds.add(round(folder.resolve("run-" + run)));
        }
        Percentiles back = Percentiles.of(rounds.stream().mapToLong(Round::reply));
        return new ScenarioResult()
                .put(
                        "calls in flight at the kill",
                        Percentiles.of(rounds.stream().mapToLong(Round::inFlight)))
                .put(
                        "from the kill to the first new call, ms",
                        Percentiles.of(rounds.stream().mapToLong(Round::call)))
                .put("from the kill to the first new reply, ms", back)
                .bound(new MeasuredBound("median of ms without replies", back.at(50), bound))
                .bound(MeasuredBound.is(
                        "every request is answered", rounds.stream().allMatch(Round::answered)))
                .bound(MeasuredBound.none(
                        "more than one reply",
                        rounds.stream().mapToLong(Round::repeated).sum()))
                .bound(MeasuredBound.none(
                        "failed", rounds.stream().mapToLong(Round::failed).sum()));
    }

    /**
     * What one kill has shown.
     *
     * @param call ms from the kill to the first new call
     * @param reply and to the first reply to one
     */
    private record Round(long inFlight, long call, long reply, boolean answered, long repeated, long failed) {}

    private Round round(Path folder) throws IOException, InterruptedException {
        RequestTimes ledger = new RequestTimes(rate * (load + (int) PATIENCE.toSeconds() * 3));
        String[] options = instanceId ? new String[] {"--instance-id=bench"} : new String[0];
        try (BenchRig rig = bench.rig(folder, ledger)) {
            BenchRig.Ends ends = rig.open(PARTITIONS, LatencyModel.fixed(Duration.ofMillis(latency)));
            WorkerProcess first = rig.worker(ends, options);
            rig.awaitServing(ends);
            SteadyLoad steady = rig.starts(new SteadyLoad(ends.publisher(), PARTITIONS, rate, i -> 0).start());
            Thread.sleep(Duration.ofSeconds(load).toMillis());
            long inFlight = ledger.numbers()
                    .filter(number -> ledger.calls(number) > 0 && ledger.replies(number) == 0)
                    .count();
            long killedAt = System.currentTimeMillis();
            first.kill();
            WorkerProcess second = rig.worker(ends, options);
            BenchRig.await("a reply to a call of the second worker", PATIENCE, () -> firstReply(ledger) != 0);
            long back = firstReply(ledger) - killedAt;
            steady.close();
            boolean all = BenchRig.comesTrue(PATIENCE, ledger::isAnswered);
            BenchRig.terminate(second);
            return new Round(inFlight, firstCall(ledger) - killedAt, back, all, repeated(ledger), ledger.failures());
        }
    }

    private static long firstReply(RequestTimes ledger) {
        return ledger.numbers()
                .filter(number -> ledger.caller(number) == 2 && ledger.repliedAt(number) != 0)
                .mapToLong(ledger::repliedAt)
                .min()
                .orElse(0);
    }

    private static long firstCall(RequestTimes ledger) {
        return ledger.numbers()
                .filter(number -> ledger.caller(number) == 2 && ledger.calls(number) == 1)
                .mapToLong(ledger::calledAt)
                .min()
                .orElse(0);
    }

    private static long repeated(RequestTimes ledger) {
        return ledger.numbers().filter(number -> ledger.replies(number) > 1).count();
    }
}
