package dev.sluice.trials.bench;

import dev.sluice.sandbox.RateLimit;
import dev.sluice.sandbox.StandInSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** One request that fails whenever it is called, among others that do not. */
record PoisonScenario(int perSecond, int requests) implements PaceScenario {
    private static final int ATTEMPTS = 5;
    private static final int SECONDS = 120;
    private static final int UTILISATION = 900;

    @Override
    public PaceOutcome run(BenchScenario bench, Path folder) throws IOException, InterruptedException {
        StandInSettings settings =
                StandInSettings.DEFAULT.withLatency(PaceScenarios.LATENCY).withLimit(RateLimit.requests(perSecond));
        try (PaceRun run = new PaceRun(bench, folder, requests, settings)) {
            // the first, so that its attempts are over soon
            run.publish(number -> number == 0 ? PacedBodies.poisonous(number) : PacedBodies.small(number));
            run.worker(List.of("--limit=*=" + perSecond + "/s"));
            long first = run.firstCall();
            boolean ended = run.answeredBefore(first, SECONDS);
            return judge(run.traffic(new RateLine(first, perSecond), false), run.ledger(), ended);
        }
    }

    private PaceOutcome judge(CallTraffic traffic, RequestTimes ledger, boolean ended) {
        // its last attempts come after all others are answered, and the limiter never sees them
        double utilisation = traffic.utilisation(traffic.first(), traffic.lastAdmitted());
        return new PaceOutcome(
                perSecond + "/s",
                "≥ " + UTILISATION / 10.0 + " %, one failed after " + ATTEMPTS,
                traffic,
                utilisation,
                traffic.refused(traffic.first(), traffic.lastAdmitted()),
                List.of(
                        PaceOutcome.missing(utilisation, UTILISATION),
                        PaceOutcome.start(traffic),
                        MeasuredBound.is("all have ended within " + SECONDS + " s", ended),
                        MeasuredBound.is("one has failed", ledger.failures() == 1),
                        MeasuredBound.is("it was called " + ATTEMPTS + " times", ledger.calls(0) == ATTEMPTS)));
    }
}
