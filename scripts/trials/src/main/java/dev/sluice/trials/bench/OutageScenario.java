package dev.sluice.trials.bench;

import dev.sluice.sandbox.ApiFault;
import dev.sluice.sandbox.FaultRule;
import dev.sluice.sandbox.RateLimit;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * An API that answers no call for a while, in the middle of a backlog.
 *
 * @param refusesKey whether it refuses the key (401) instead of being full (503)
 */
record OutageScenario(int perSecond, int requests, int seconds, boolean refusesKey) implements PaceScenario {
    private static final int SPARE_CALLS = 100;
    private static final int BACK_SECONDS = 60;

    /** Times are those of {@link System#nanoTime}, but for the last one: epoch milliseconds. */
    private record Time(long first, long from, long to, long overMillis) {}

    @Override
    public PaceOutcome run(BenchScenario bench, Path folder) throws IOException, InterruptedException {
        StandInSettings settings =
                StandInSettings.DEFAULT.withLatency(PaceScenarios.LATENCY).withLimit(RateLimit.requests(perSecond));
        try (PaceRun run = new PaceRun(bench, folder, requests, settings)) {
            run.publish(PacedBodies::small);
            run.worker(List.of("--limit=*=" + perSecond + "/s"));
            Time time = strike(run);
            long left = 2L * requests / perSecond + BACK_SECONDS;
            boolean answered = run.answeredBefore(time.to(), left);
            return judge(run, time, MeasuredBound.is("all answered, " + left + " s later", answered));
        }
    }

    private Time strike(PaceRun run) throws InterruptedException {
        long first = run.firstCall();
        long half = requests / 2;
        if (!run.comesTrue(first, 2 * half / perSecond, () -> run.api().calls() >= half)) {
            throw new IllegalStateException("half of the requests are not called in twice their time");
        }
        UnaryOperator<StandInSettings> begin = refusesKey
                ? settings -> settings.withApiKeys("another")
                : settings -> settings.withFaults(FaultRule.always(ApiFault.status(503)));
        long from = System.nanoTime();
        run.api().update(begin);
        run.answeredBefore(from, seconds);
        run.api().update(settings -> settings.withApiKeys().withFaults());
        return new Time(first, from, System.nanoTime(), System.currentTimeMillis());
    }

    private PaceOutcome judge(PaceRun run, Time time, MeasuredBound answered) {
        CallTraffic traffic = run.traffic(new RateLine(time.first(), perSecond), false);
        long calls = traffic.between(time.from(), time.to()).stream()
                .filter(call -> !call.admitted())
                .count();
        Topics topics = BenchRig.TOPICS;
        List<String> aside = Stream.concat(
                        Stream.of(topics.retry()),
                        Stream.of(Topics.Tier.values()).map(topics::delay))
                .toList();
        long moved = TopicCount.of(run.bootstrapServers(), aside, OutageScenario::isNotRateLimited);
        long dead = TopicCount.of(run.bootstrapServers(), List.of(topics.dead()), record -> true);
        List<MeasuredBound> bounds = List.of(
                new MeasuredBound("calls during the outage", calls, SPARE_CALLS),
                new MeasuredBound("requests on retry and delay topics, no 429s", moved, refusesKey ? 0 : SPARE_CALLS),
                MeasuredBound.none("dead letters", dead),
                MeasuredBound.none("failed replies", run.ledger().failures()),
                new MeasuredBound(
                        "ms from its end to the next answer", silence(run.ledger(), time), millis(BACK_SECONDS)),
                PaceOutcome.start(traffic),
                answered);
        return new PaceOutcome(
                perSecond + "/s, then " + (refusesKey ? 401 : 503) + " for " + seconds + " s",
                "≤ " + SPARE_CALLS + " calls in it, none dead, back in " + BACK_SECONDS + " s",
                traffic,
                Double.NaN,
                traffic.refused(time.first(), Long.MAX_VALUE),
                bounds);
    }

    /** Those that a limit has put off tell nothing about the outage. */
    private static boolean isNotRateLimited(ConsumerRecord<byte[], byte[]> record) {
        return WireHeaders.text(record.headers(), WireHeaders.LAST_ERROR)
                .filter(error -> error.startsWith(Integer.toString(CallTraffic.LIMITED)))
                .isEmpty();
    }

    /** Answers to calls from before the outage are long there. */
    private static long silence(RequestTimes ledger, Time time) {
        long next = ledger.numbers()
                .mapToLong(ledger::repliedAt)
                .filter(at -> at >= time.overMillis())
                .min()
                .orElse(Long.MAX_VALUE);
        return next - time.overMillis();
    }

    private static long millis(int seconds) {
        return TimeUnit.SECONDS.toMillis(seconds);
    }
}
