package dev.sluice.trials.bench;

import dev.sluice.sandbox.HeaderMode;
import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.RateLimit;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.trials.WorkerProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

/** A backlog under a limit that stays, or goes up and down in steps. */
record PacedLoad(Limits limits, Crew crew, Demand demand, Promise promise) implements PaceScenario {
    /**
     * What the stand-in enforces, over sliding seconds.
     *
     * @param perSecond one after the other
     * @param stepSeconds how long each holds, counted from the first call
     */
    record Limits(HeaderMode headers, boolean inTokens, List<Integer> perSecond, int stepSeconds) {
        static Limits requests(HeaderMode headers, int perSecond) {
            return new Limits(headers, false, List.of(perSecond), 0);
        }

        RateLimit limit(int step) {
            double rate = perSecond.get(step);
            return inTokens ? RateLimit.tokens(rate) : RateLimit.requests(rate);
        }

        @Override
        public String toString() {
            String rates = String.join(
                    " → ", perSecond.stream().map(rate -> rate.toString()).toList());
            return rates + (inTokens ? " tokens/s" : "/s");
        }
    }

    /** @param changes whether one is killed after 30 % of the time, and a new one comes after 60 % */
    record Crew(int workers, boolean changes, List<String> options) {
        static Crew one(String... options) {
            return new Crew(1, false, List.of(options));
        }
    }

    /** @param body by a request's number */
    record Demand(int requests, LatencyModel latency, IntFunction<String> body) {}

    /**
     * What is asked for.
     *
     * @param seconds it lasts no longer
     * @param learning seconds that are not judged
     * @param drains whether all must be answered within its time
     * @param utilisation at least, in per mille
     * @param refused at most, in per mille
     */
    record Promise(int seconds, int learning, boolean drains, int utilisation, int refused) {
        @Override
        public String toString() {
            return "≥ " + utilisation / 10.0 + " %, ≤ " + refused / 10.0 + " %"
                    + (learning > 0 ? " after " + learning + " s" : "");
        }
    }

    @Override
    public PaceOutcome run(BenchScenario bench, Path folder) throws IOException, InterruptedException {
        StandInSettings settings = StandInSettings.DEFAULT
                .withLatency(demand.latency())
                .withHeaders(limits.headers())
                .withLimit(limits.limit(0));
        try (PaceRun run = new PaceRun(bench, folder, demand.requests(), settings)) {
            List<WorkerProcess> workers = start(run);
            long first = run.firstCall();
            RateLine line = new RateLine(first, limits.perSecond().get(0));
            changeLimit(run, line);
            if (crew.changes()) {
                changeCrew(run, first, workers.get(0));
            }
            boolean answered = run.answeredBefore(first, promise.seconds());
            return judge(run.traffic(line, limits.inTokens()), answered);
        }
    }

    /** One worker finds the backlog; several have shared the partitions before it comes, since each paces its part. */
    private List<WorkerProcess> start(PaceRun run) throws InterruptedException {
        if (crew.workers() == 1) {
            run.publish(demand.body());
            return List.of(run.worker(crew.options()));
        }
        List<WorkerProcess> workers = run.workers(crew.workers(), crew.options());
        run.publish(demand.body());
        return workers;
    }

    private void changeLimit(PaceRun run, RateLine line) throws InterruptedException {
        long first = line.steps().get(0).from();
        for (int step = 1; step < limits.perSecond().size(); step++) {
            run.answeredBefore(first, (long) step * limits.stepSeconds());
            RateLimit limit = limits.limit(step);
            run.api().update(settings -> settings.withLimit(limit));
            line.change(System.nanoTime(), limits.perSecond().get(step));
        }
    }

    private void changeCrew(PaceRun run, long first, WorkerProcess victim) throws InterruptedException {
        run.answeredBefore(first, promise.seconds() * 3L / 10);
        victim.kill();
        run.answeredBefore(first, promise.seconds() * 6L / 10);
        run.worker(crew.options());
    }

    private PaceOutcome judge(CallTraffic traffic, boolean answered) {
        long from = traffic.first() + TimeUnit.SECONDS.toNanos(promise.learning());
        // a backlog that is not used up must be called until the time is over
        long to = answered ? traffic.lastAdmitted() : traffic.first() + TimeUnit.SECONDS.toNanos(promise.seconds());
        double utilisation = traffic.utilisation(from, to);
        double refused = traffic.refused(from, to);
        List<MeasuredBound> bounds = new ArrayList<>(List.of(
                PaceOutcome.missing(utilisation, promise.utilisation()),
                PaceOutcome.refusals(refused, promise.refused()),
                PaceOutcome.start(traffic)));
        if (promise.drains()) {
            bounds.add(MeasuredBound.is("all answered within " + promise.seconds() + " s", answered));
        }
        return new PaceOutcome(limits.toString(), promise.toString(), traffic, utilisation, refused, bounds);
    }
}
