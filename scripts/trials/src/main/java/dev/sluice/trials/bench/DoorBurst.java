package dev.sluice.trials.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.RateLimit;
import dev.sluice.sandbox.ReceivedCall;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.trials.PolledCondition;
import dev.sluice.trials.WorkerProcess;
import dev.sluice.wire.ContentHash;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Measures many calls at once through an HTTP door over a limit that admits a few a second, by a client that tries
 * nothing again. Meanwhile calls with an express key come one by one.
 */
final class DoorBurst {
    static final int PER_SECOND = 20;

    private static final int EXPRESS = 10;
    private static final long EXPRESS_OVER_MILLIS = 200;
    private static final int UTILISATION = 950;
    private static final int DIRECT_PER_SECOND = 5;
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final ScenarioRunner runner;
    private final int latency;
    private final int atOnce;
    private final int warmUp;

    DoorBurst(ScenarioRunner runner, int latency, int atOnce, int warmUp) {
        this.runner = runner;
        this.latency = latency;
        this.atOnce = atOnce;
        this.warmUp = warmUp;
    }

    ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        StandInSettings settings = StandInSettings.DEFAULT
                .withLatency(LatencyModel.fixed(Duration.ofMillis(latency)))
                .withLimit(RateLimit.requests(PER_SECOND));
        try (BenchRig rig = runner.rig(folder, new RequestTimes(1), BenchRig.PARTITIONS, settings)) {
            runner.warmUp(rig);
            Path keys = Files.write(folder.resolve("keys"), List.of(line("bulk"), line("web") + " express"));
            WorkerProcess worker = rig.pacedWorker(List.of("--limit=*=" + PER_SECOND + "/s"));
            BenchRig.StartedDoor door = rig.gateway("--keys-file=" + keys);
            PolledCondition.await(
                    "partitions", PATIENCE, () -> worker.joinedAt().isPresent());

            TimedCalls direct = new TimedCalls(rig.api().baseUrl(), "1");
            TimedCalls bulk = new TimedCalls(door.baseUrl(), "bulk");
            TimedCalls express = new TimedCalls(door.baseUrl(), "web");
            Percentiles api = directCalls(direct);
            warmUp(rig, bulk);
            rig.api().clearHistory();
            send(bulk, express);
            Percentiles waited = bulk.times();
            Percentiles hurried = express.times();
            CallTraffic traffic =
                    new CallTraffic(rig.api().history(), new LimitTimeline(System.nanoTime(), PER_SECOND), false);
            return result(traffic, waited, hurried, api, (long) bulk.failed() + express.failed() + direct.failed());
        }
    }

    /** Returns a line of a door's file of keys, for a key that is also its own name. */
    private static String line(String key) {
        return key + " " + ContentHash.of(null, key.getBytes(UTF_8));
    }

    private static Percentiles directCalls(TimedCalls direct) throws InterruptedException {
        direct.count();
        for (int i = 0; i < EXPRESS; i++) {
            direct.send();
            Thread.sleep(1_000 / DIRECT_PER_SECOND);
        }
        return direct.times();
    }

    /** Has the JVMs compile what the burst needs, and lets the limit recover. */
    private void warmUp(BenchRig rig, TimedCalls calls) throws InterruptedException {
        try (SteadyLoad load = rig.load(PER_SECOND / 2, place -> calls.send())) {
            Thread.sleep(Duration.ofSeconds(warmUp).toMillis());
        }
        Percentiles unused = calls.times();
        Thread.sleep(2_000);
        calls.count();
    }

    private void send(TimedCalls bulk, TimedCalls express) throws InterruptedException {
        for (int i = 0; i < atOnce; i++) {
            bulk.send();
        }
        express.count();
        long pause = Duration.ofSeconds(atOnce / PER_SECOND).toMillis() / (EXPRESS + 1);
        for (int i = 0; i < EXPRESS; i++) {
            Thread.sleep(pause);
            express.send();
        }
    }

    private ScenarioResult result(
            CallTraffic traffic, Percentiles waited, Percentiles hurried, Percentiles api, long failed) {
        double utilisation = traffic.utilisation(traffic.first(), traffic.lastAdmitted());
        long rejected = traffic.calls().stream()
                .filter(call -> call.status() == CallTraffic.TOO_MANY_REQUESTS)
                .count();
        return new ScenarioResult()
                .put("calls at once, microseconds", waited)
                .put("express calls meanwhile, microseconds", hurried)
                .put("calls to the API itself, microseconds", api)
                .put("utilisation of the limit", PaceReport.percent(utilisation))
                .put("calls that the API rejected", rejected)
                .bound(MeasuredBound.none("calls without an answer", failed + atOnce - waited.count()))
                .bound(MeasuredBound.none("calls made twice", made(traffic) - atOnce - EXPRESS))
                .bound(PaceOutcome.missing(utilisation, UTILISATION))
                .bound(new MeasuredBound(
                        "express calls: p99 over the API, ms",
                        Math.round((hurried.at(99) - api.at(99)) / 1_000.0),
                        EXPRESS_OVER_MILLIS));
    }

    private static long made(CallTraffic traffic) {
        return traffic.calls().stream().filter(ReceivedCall::admitted).count();
    }
}
