package dev.sluice.trials.bench;

import dev.sluice.sandbox.RateLimit;
import dev.sluice.sandbox.StandInSettings;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Somebody outside of the pool spends half of the account's limit for a while, evenly and without trying again.
 *
 * @param options the options of the workers
 */
record StrangerScenario(int workers, List<String> options) implements PaceScenario {
    private static final String OTHER_MODEL = "another/model";
    private static final int PER_SECOND = 40;
    private static final int STRANGER_PER_SECOND = PER_SECOND / 2;
    private static final int LEARNING = 15;
    private static final int COMES = 40;
    private static final int GOES = 70;
    private static final int A_MINUTE_LATER = GOES + 60;
    private static final int ENDS = A_MINUTE_LATER + 30;
    private static final int UTILISATION = 900;
    private static final int REJECTED = 25;

    @Override
    public PaceOutcome run(ScenarioRunner runner, Path folder) throws IOException, InterruptedException {
        int requests = PER_SECOND * (ENDS + LEARNING);
        StandInSettings settings = StandInSettings.DEFAULT
                .withLatency(PaceScenarios.LATENCY)
                .withSharedLimit(true)
                .withLimit(RateLimit.requests(PER_SECOND));
        try (BenchRig rig = runner.backlogRig(folder, requests, settings)) {
            rig.pacedWorkers(workers, options);
            rig.publisher().publishBacklog(requests, RequestBodies::small);
            long first = rig.firstCall();
            LimitTimeline left = new LimitTimeline(first, PER_SECOND);
            rig.waitForAnswers(first, COMES);
            left.change(System.nanoTime(), PER_SECOND - STRANGER_PER_SECOND);
            HttpRequest call = call(rig);
            HttpClient client =
                    HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
            try (SteadyLoad stranger = new SteadyLoad(STRANGER_PER_SECOND, number -> {
                var unused = client.sendAsync(call, BodyHandlers.discarding());
            })) {
                stranger.start();
                rig.waitForAnswers(first, GOES);
            }
            left.change(System.nanoTime(), PER_SECOND);
            boolean answered = rig.waitForAnswers(first, ENDS);
            return judge(ofPool(rig, left), first, answered);
        }
    }

    private static HttpRequest call(BenchRig rig) {
        return HttpRequest.newBuilder(URI.create(rig.api().baseUrl() + "/chat/completions"))
                .header("Authorization", "Bearer stranger")
                .header("Content-Type", "application/json")
                .header("User-Agent", "stranger")
                .POST(BodyPublishers.ofString(RequestBodies.anonymous(OTHER_MODEL)))
                .build();
    }

    /** Returns the calls of the workers, whose model is another one. */
    private static CallTraffic ofPool(BenchRig rig, LimitTimeline left) {
        return new CallTraffic(
                rig.api().history().stream()
                        .filter(call -> call.model().equals(RequestBodies.MODEL))
                        .toList(),
                left,
                false);
    }

    private static PaceOutcome judge(CallTraffic traffic, long first, boolean answered) {
        double during = traffic.utilisation(at(first, COMES), at(first, GOES));
        double later = traffic.utilisation(at(first, A_MINUTE_LATER), at(first, ENDS));
        double rejected = traffic.rejected(at(first, LEARNING), at(first, ENDS));
        return new PaceOutcome(
                PER_SECOND + "/s, half of it taken from " + COMES + " s to " + GOES + " s",
                "≥ " + UTILISATION / 10.0 + " % of what is left, and of all a minute later, ≤ " + REJECTED / 10.0
                        + " %",
                traffic,
                Math.min(during, later),
                rejected,
                List.of(
                        PaceOutcome.missing(during, UTILISATION),
                        PaceOutcome.missing(later, UTILISATION),
                        PaceOutcome.rejections(rejected, REJECTED),
                        PaceOutcome.start(traffic, 0),
                        MeasuredBound.is("a backlog to the end", !answered)));
    }

    private static long at(long first, int seconds) {
        return first + TimeUnit.SECONDS.toNanos(seconds);
    }
}
