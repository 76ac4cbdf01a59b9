package dev.sluice.trials.bench;

import dev.sluice.sandbox.HeaderMode;
import dev.sluice.sandbox.LatencyModel;
import dev.sluice.trials.bench.PacedLoad.Crew;
import dev.sluice.trials.bench.PacedLoad.Demand;
import dev.sluice.trials.bench.PacedLoad.Limits;
import dev.sluice.trials.bench.PacedLoad.Promise;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What {@code pace} measures, by name. */
final class PaceScenarios {
    static final LatencyModel LATENCY = new LatencyModel.Uniform(Duration.ofMillis(200), Duration.ofMillis(800));
    private static final int LEARNING = 15;
    private static final Limits TOKENS = new Limits(HeaderMode.ON_429, true, List.of(4_000), 0);

    private PaceScenarios() {}

    static Set<String> names() {
        return all(1, 1).keySet();
    }

    /**
     * In the order in which they run.
     *
     * @param requests in the queue of {@code known}
     */
    static Map<String, PaceScenario> all(int requests, int outageSeconds) {
        Map<String, PaceScenario> all = new LinkedHashMap<>();
        all.put("known", known(requests));
        all.put("unknown", unknown());
        all.put("steps", steps(HeaderMode.ON_429, 850, 20));
        all.put("steps-headers", steps(HeaderMode.ALL, 930, 10));
        all.put("four-known", fourKnown());
        all.put("four-unknown", fourUnknown());
        all.put("tokens", tokens());
        all.put("tokens-unknown", tokensUnknown());
        all.put("fast", fast());
        all.put("neighbours", new NeighboursScenario(500, 5_000));
        all.put("outage", new OutageScenario(100, 5_000, outageSeconds, false));
        all.put("held", new OutageScenario(100, 5_000, outageSeconds, true));
        all.put("poison", new PoisonScenario(100, 1_000));
        return all;
    }

    private static PacedLoad known(int requests) {
        return new PacedLoad(
                Limits.requests(HeaderMode.ON_429, 20),
                Crew.one("--limit=*=20/s"),
                small(requests),
                new Promise(requests / 10 + 15, 0, true, 970, 2));
    }

    private static PacedLoad unknown() {
        return new PacedLoad(
                Limits.requests(HeaderMode.ON_429, 20),
                Crew.one(),
                small(900),
                new Promise(105, LEARNING, true, 920, 15));
    }

    private static PacedLoad steps(HeaderMode headers, int utilisation, int refused) {
        return new PacedLoad(
                new Limits(headers, false, List.of(20, 40, 10), 20),
                Crew.one(),
                small(1_700),
                new Promise(60, 0, false, utilisation, refused));
    }

    private static PacedLoad fourKnown() {
        return new PacedLoad(
                Limits.requests(HeaderMode.ON_429, 40),
                new Crew(4, true, List.of("--limit=*=40/s")),
                small(4_800),
                new Promise(100, 0, false, 930, 5));
    }

    private static PacedLoad fourUnknown() {
        return new PacedLoad(
                Limits.requests(HeaderMode.ON_429, 40),
                new Crew(4, false, List.of()),
                small(3_000),
                new Promise(60, LEARNING, false, 850, 30));
    }

    private static PacedLoad tokens() {
        return new PacedLoad(
                TOKENS, Crew.one("--limit=*=1000/s,4000 tokens/s"), mixed(), new Promise(100, 0, true, 900, 20));
    }

    private static PacedLoad tokensUnknown() {
        return new PacedLoad(TOKENS, Crew.one(), mixed(), new Promise(100, LEARNING, true, 800, 30));
    }

    private static PacedLoad fast() {
        return new PacedLoad(
                Limits.requests(HeaderMode.ON_429, 1_000),
                Crew.one("--limit=*=1000/s", "--max-in-flight=512"),
                new Demand(30_000, LatencyModel.fixed(Duration.ofMillis(300)), PacedBodies::small),
                new Promise(60, 0, true, 950, 5));
    }

    private static Demand small(int requests) {
        return new Demand(requests, LATENCY, PacedBodies::small);
    }

    /** Some 310 tokens each on average, answer included: 40 s of work. */
    private static Demand mixed() {
        return new Demand(515, LATENCY, PacedBodies::mixed);
    }
}
