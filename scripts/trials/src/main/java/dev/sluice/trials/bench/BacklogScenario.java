package dev.sluice.trials.bench;

import dev.sluice.sandbox.HeaderMode;
import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.RateLimit;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.trials.WorkerProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.Collectors;

/** A backlog under a limit that is constant or changes in steps. */
record BacklogScenario(EnforcedLimit enforced, WorkerSetup setup, Backlog backlog, PaceBounds paceBounds)
        implements PaceScenario {
    /**
     * The limit that the stand-in enforces over a sliding window, and over all models together.
     *
     * @param perSecond the limits one after the other
     * @param stepSeconds how long each of them holds, counted from the first call
     * @param windowSeconds the length of the window
     */
    record EnforcedLimit(
            HeaderMode headers, boolean inTokens, List<Double> perSecond, int stepSeconds, int windowSeconds) {
        EnforcedLimit(HeaderMode headers, boolean inTokens, List<Integer> perSecond, int stepSeconds) {
            this(headers, inTokens, perSecond.stream().map(Integer::doubleValue).toList(), stepSeconds, 1);
        }

        static EnforcedLimit requests(HeaderMode headers, int perSecond) {
            return new EnforcedLimit(headers, false, List.of(perSecond), 0);
        }

        static EnforcedLimit requestsByMinute(HeaderMode headers, int perMinute) {
            return new EnforcedLimit(headers, false, List.of(perMinute / 60.0), 0, 60);
        }

        RateLimit step(int step) {
            double rate = perSecond.get(step);
            RateLimit limit = inTokens ? RateLimit.tokens(rate) : RateLimit.requests(rate);
            return limit.withWindow(Duration.ofSeconds(windowSeconds));
        }

        @Override
        public String toString() {
            String rates = perSecond.stream()
                    .map(rate -> Long.toString(Math.round(rate * windowSeconds)))
                    .collect(Collectors.joining(" → "));
            return rates + (inTokens ? " tokens" : "") + (windowSeconds == 1 ? "/s" : " in " + windowSeconds + " s");
        }
    }

    /**
     * The workers of a run.
     *
     * @param changes true if one is killed after 30 % of the time and a new one comes after 60 %
     */
    record WorkerSetup(int workers, boolean changes, List<String> options) {
        static WorkerSetup one(String... options) {
            return new WorkerSetup(1, false, List.of(options));
        }
    }

    /**
     * The requests of a run.
     *
     * @param body makes the body of a request from its number
     * @param hasOneKey true if all of them are on one partition, as if all had one key
     */
    record Backlog(int requests, LatencyModel latency, IntFunction<String> body, boolean hasOneKey) {
        Backlog(int requests, LatencyModel latency, IntFunction<String> body) {
            this(requests, latency, body, false);
        }
    }

    /**
     * The bounds that a run must keep.
     *
     * @param seconds the longest duration of the run
     * @param learning the seconds at the start that are not judged
     * @param drains true if all requests must be answered within the time
     * @param utilisation the least utilisation, in per mille
     * @param rejected the largest share of rejected calls, in per mille
     * @param tooManyAtFirst the most calls beyond the limit in the first second
     */
    record PaceBounds(int seconds, int learning, boolean drains, int utilisation, int rejected, int tooManyAtFirst) {
        PaceBounds(int seconds, int learning, boolean drains, int utilisation, int rejected) {
            this(seconds, learning, drains, utilisation, rejected, 0);
        }

        @Override
        public String toString() {
            return "≥ " + utilisation / 10.0 + " %, ≤ " + rejected / 10.0 + " %"
                    + (learning > 0 ? " after " + learning + " s" : "");
        }
    }

    @Override
    public PaceOutcome run(ScenarioRunner runner, Path folder) throws IOException, InterruptedException {
        StandInSettings settings = StandInSettings.DEFAULT
                .withLatency(backlog.latency())
                .withHeaders(enforced.headers())
                .withSharedLimit(true)
                .withLimit(enforced.step(0));
        try (BenchRig rig = runner.backlogRig(folder, backlog.requests(), settings)) {
            List<WorkerProcess> workers = start(rig);
            long first = rig.firstCall();
            LimitTimeline timeline =
                    new LimitTimeline(first, enforced.perSecond().get(0));
            changeLimit(rig, first, timeline);
            if (setup.changes()) {
                changeWorkers(rig, first, workers.get(0));
            }
            boolean answered = rig.waitForAnswers(first, paceBounds.seconds());
            return judge(new CallTraffic(rig.api().history(), timeline, enforced.inTokens()), answered);
        }
    }

    private List<WorkerProcess> start(BenchRig rig) throws InterruptedException {
        if (setup.workers() == 1) {
            rig.publisher().publishBacklog(backlog.requests(), backlog.body());
            return List.of(rig.pacedWorker(setup.options()));
        }
        // several workers share the partitions before the backlog comes: each paces its part of the limit
        List<WorkerProcess> workers = rig.pacedWorkers(setup.workers(), setup.options());
        if (backlog.hasOneKey()) {
            for (int i = 0; i < backlog.requests(); i++) {
                rig.publisher().publish(0, "one", backlog.body());
            }
            rig.publisher().confirm();
        } else {
            rig.publisher().publishBacklog(backlog.requests(), backlog.body());
        }
        return workers;
    }

    private void changeLimit(BenchRig rig, long first, LimitTimeline timeline) throws InterruptedException {
        for (int step = 1; step < enforced.perSecond().size(); step++) {
            rig.waitForAnswers(first, (long) step * enforced.stepSeconds());
            RateLimit limit = enforced.step(step);
            rig.api().update(settings -> settings.withLimit(limit));
            timeline.change(System.nanoTime(), enforced.perSecond().get(step));
        }
    }

    private void changeWorkers(BenchRig rig, long first, WorkerProcess victim) throws InterruptedException {
        rig.waitForAnswers(first, paceBounds.seconds() * 3L / 10);
        victim.kill();
        rig.waitForAnswers(first, paceBounds.seconds() * 6L / 10);
        rig.pacedWorker(setup.options());
    }

    private PaceOutcome judge(CallTraffic traffic, boolean answered) {
        long from = traffic.first() + TimeUnit.SECONDS.toNanos(paceBounds.learning());
        // while there is a backlog, the limit is to be used up to the last second
        long to = answered ? traffic.lastAdmitted() : traffic.first() + TimeUnit.SECONDS.toNanos(paceBounds.seconds());
        double utilisation = traffic.utilisation(from, to);
        double rejected = traffic.rejected(from, to);
        List<MeasuredBound> bounds = new ArrayList<>(List.of(
                PaceOutcome.missing(utilisation, paceBounds.utilisation()),
                PaceOutcome.rejections(rejected, paceBounds.rejected()),
                PaceOutcome.start(traffic, paceBounds.tooManyAtFirst())));
        if (paceBounds.drains()) {
            bounds.add(MeasuredBound.is("all answered within " + paceBounds.seconds() + " s", answered));
        }
        return new PaceOutcome(enforced.toString(), paceBounds.toString(), traffic, utilisation, rejected, bounds);
    }
}
