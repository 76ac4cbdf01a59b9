package dev.sluice.trials.bench;

import dev.sluice.sandbox.HeaderMode;
import dev.sluice.sandbox.LatencyModel;
import dev.sluice.trials.bench.BacklogScenario.Backlog;
import dev.sluice.trials.bench.BacklogScenario.EnforcedLimit;
import dev.sluice.trials.bench.BacklogScenario.PaceBounds;
import dev.sluice.trials.bench.BacklogScenario.WorkerSetup;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The scenarios of {@code pace} by their names. */
final class PaceScenarios {
    static final LatencyModel LATENCY = new LatencyModel.Uniform(Duration.ofMillis(200), Duration.ofMillis(800));
    private static final String OTHER_MODEL = "another/model";
    private static final int LEARNING_SECONDS = 15;
    private static final EnforcedLimit TOKENS = new EnforcedLimit(HeaderMode.ON_429, true, List.of(4_000), 0);

    private PaceScenarios() {}

    static Set<String> names() {
        return all(1, 1).keySet();
    }

    /**
     * Returns all scenarios in the order in which they run.
     *
     * @param requests the number of requests in the queue of {@code known}
     */
    static Map<String, PaceScenario> all(int requests, int outageSeconds) {
        Map<String, PaceScenario> all = new LinkedHashMap<>();
        all.put("known", known(requests));
        all.put("unknown", unknown());
        all.put("steps", steps(HeaderMode.ON_429, 850, 20));
        all.put("steps-headers", steps(HeaderMode.ALL, 930, 10));
        all.put("group", group());
        all.put("two-known", twoKnown());
        all.put("two-steps", twoSteps());
        all.put("four-known", fourKnown());
        all.put("four-one-key", fourOneKey());
        all.put("eight-known", eightKnown());
        all.put("four-unknown", severalUnknown(4, 40, 3_000, new PaceBounds(60, LEARNING_SECONDS, false, 950, 12)));
        all.put("eight-unknown", severalUnknown(8, 40, 3_000, new PaceBounds(60, LEARNING_SECONDS, false, 940, 13)));
        all.put("four-slow", severalUnknown(4, 3, 400, new PaceBounds(120, 20, false, 900, 40, 4)));
        all.put("four-steps", fourSteps());
        all.put("by-minute", byMinute());
        all.put("stranger", new StrangerScenario(1, List.of()));
        all.put("four-stranger", new StrangerScenario(4, List.of()));
        all.put("tokens", tokens());
        all.put("tokens-unknown", tokensUnknown());
        all.put("fast", fast());
        all.put("outage", new OutageScenario(100, 5_000, outageSeconds, false));
        all.put("held", new OutageScenario(100, 5_000, outageSeconds, true));
        return all;
    }

    private static BacklogScenario known(int requests) {
        return new BacklogScenario(
                EnforcedLimit.requests(HeaderMode.ON_429, 20),
                WorkerSetup.one("--limit=*=20/s"),
                small(requests),
                new PaceBounds(requests / 10 + 15, 0, true, 970, 2));
    }

    private static BacklogScenario unknown() {
        return new BacklogScenario(
                EnforcedLimit.requests(HeaderMode.ON_429, 20),
                WorkerSetup.one(),
                small(900),
                new PaceBounds(105, LEARNING_SECONDS, true, 920, 15));
    }

    private static BacklogScenario steps(HeaderMode headers, int utilisation, int rejected) {
        return new BacklogScenario(
                new EnforcedLimit(headers, false, List.of(20, 40, 10), 20),
                WorkerSetup.one(),
                small(1_700),
                new PaceBounds(60, 0, false, utilisation, rejected));
    }

    /** Two models have one limit in common, and the worker is told so. */
    private static BacklogScenario group() {
        return new BacklogScenario(
                EnforcedLimit.requests(HeaderMode.ON_429, 20),
                WorkerSetup.one("--limit=" + RequestBodies.MODEL + "+" + OTHER_MODEL + "=20/s"),
                ofTwoModels(900),
                new PaceBounds(60, 0, true, 960, 2));
    }

    /** Two models have one limit in common, and the worker takes it for the limit of each. */
    private static BacklogScenario twoKnown() {
        return new BacklogScenario(
                EnforcedLimit.requests(HeaderMode.ON_429, 20),
                WorkerSetup.one("--limit=*=20/s"),
                ofTwoModels(1_700),
                // in the first second each model may have what it is said to have
                new PaceBounds(60, 0, false, 920, 15, 20));
    }

    /** Two models have one limit in common, which changes, and nobody tells it. */
    private static BacklogScenario twoSteps() {
        return new BacklogScenario(
                new EnforcedLimit(HeaderMode.ON_429, false, List.of(20, 40, 10), 20),
                WorkerSetup.one(),
                ofTwoModels(1_700),
                new PaceBounds(60, 0, false, 870, 15));
    }

    private static Backlog ofTwoModels(int requests) {
        return new Backlog(
                requests,
                LATENCY,
                number -> RequestBodies.smallOf(number % 2 == 0 ? RequestBodies.MODEL : OTHER_MODEL)
                        .apply(number));
    }

    private static BacklogScenario fourKnown() {
        return new BacklogScenario(
                EnforcedLimit.requests(HeaderMode.ON_429, 40),
                new WorkerSetup(4, true, List.of("--limit=*=40/s")),
                small(4_800),
                new PaceBounds(100, 0, false, 950, 3));
    }

    /** All requests lie with one of the workers, which has a quarter of the partitions. */
    private static BacklogScenario fourOneKey() {
        return new BacklogScenario(
                EnforcedLimit.requests(HeaderMode.ON_429, 40),
                new WorkerSetup(4, false, List.of("--limit=*=40/s")),
                new Backlog(3_000, LATENCY, RequestBodies::small, true),
                new PaceBounds(60, 0, false, 950, 5));
    }

    /** Each worker may have one call too many when all begin, since none knows at that moment that others do. */
    private static BacklogScenario eightKnown() {
        return new BacklogScenario(
                EnforcedLimit.requests(HeaderMode.ON_429, 40),
                new WorkerSetup(8, false, List.of("--limit=*=40/s")),
                small(3_000),
                new PaceBounds(60, 0, false, 950, 5, 8));
    }

    private static BacklogScenario severalUnknown(int workers, int perSecond, int requests, PaceBounds bounds) {
        return new BacklogScenario(
                EnforcedLimit.requests(HeaderMode.ON_429, perSecond),
                new WorkerSetup(workers, false, List.of()),
                small(requests),
                bounds);
    }

    private static BacklogScenario fourSteps() {
        return new BacklogScenario(
                new EnforcedLimit(HeaderMode.ON_429, false, List.of(20, 40, 10), 20),
                new WorkerSetup(4, false, List.of()),
                small(1_700),
                new PaceBounds(60, 0, false, 880, 15));
    }

    /** The worker has to find out that the API counts by the minute. */
    private static BacklogScenario byMinute() {
        return new BacklogScenario(
                EnforcedLimit.requestsByMinute(HeaderMode.ON_429, 9),
                WorkerSetup.one(),
                small(200),
                new PaceBounds(600, 180, false, 850, 80, 2));
    }

    private static BacklogScenario tokens() {
        return new BacklogScenario(
                TOKENS,
                WorkerSetup.one("--limit=*=1000/s,4000 tokens/s"),
                mixed(),
                new PaceBounds(100, 0, true, 900, 20));
    }

    private static BacklogScenario tokensUnknown() {
        return new BacklogScenario(
                TOKENS, WorkerSetup.one(), mixed(), new PaceBounds(100, LEARNING_SECONDS, true, 800, 30));
    }

    private static BacklogScenario fast() {
        return new BacklogScenario(
                EnforcedLimit.requests(HeaderMode.ON_429, 1_000),
                WorkerSetup.one("--limit=*=1000/s", "--max-in-flight=1024"),
                new Backlog(30_000, LatencyModel.fixed(Duration.ofMillis(300)), RequestBodies::small),
                new PaceBounds(60, 0, true, 950, 5));
    }

    private static Backlog small(int requests) {
        return new Backlog(requests, LATENCY, RequestBodies::small);
    }

    /** Makes 40 s of work: requests of about 310 tokens each on average, answer included. */
    private static Backlog mixed() {
        return new Backlog(515, LATENCY, RequestBodies::mixed);
    }
}
