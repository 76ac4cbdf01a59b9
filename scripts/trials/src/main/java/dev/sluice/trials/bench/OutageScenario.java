package dev.sluice.trials.bench;

import dev.sluice.sandbox.ApiFault;
import dev.sluice.sandbox.FaultRule;
import dev.sluice.sandbox.RateLimit;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.trials.CommittedReader;
import dev.sluice.trials.SluiceJar;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * An API that answers no call for a while, in the middle of a backlog.
 *
 * @param rejectsKey true if the API rejects the key (401), false if it is overloaded (503)
 */
record OutageScenario(int perSecond, int requests, int seconds, boolean rejectsKey) implements PaceScenario {
    private static final int SPARE_CALLS = 100;
    private static final int BACK_SECONDS = 60;
    private static final Duration READ_BOUND = Duration.ofSeconds(30);

    /** The times of a run: nanoseconds of {@link System#nanoTime}, but epoch milliseconds for the end of the outage. */
    private record OutageTimes(long firstCall, long from, long to, long endMillis) {}

    @Override
    public PaceOutcome run(ScenarioRunner runner, Path folder) throws IOException, InterruptedException {
        StandInSettings settings =
                StandInSettings.DEFAULT.withLatency(PaceScenarios.LATENCY).withLimit(RateLimit.requests(perSecond));
        try (BenchRig rig = runner.backlogRig(folder, requests, settings)) {
            keepEndedRecords(rig);
            rig.publisher().publishBacklog(requests, RequestBodies::small);
            rig.pacedWorker(List.of("--limit=*=" + perSecond + "/s"));
            OutageTimes outage = strike(rig);
            long left = 2L * requests / perSecond + BACK_SECONDS;
            boolean answered = rig.waitForAnswers(outage.to(), left);
            return judge(rig, outage, MeasuredBound.is("all answered, " + left + " s later", answered));
        }
    }

    /** Commits offsets of another group, since workers have records deleted that nobody else wants to count. */
    private static void keepEndedRecords(BenchRig rig) throws InterruptedException {
        Map<String, Object> config = Map.of("bootstrap.servers", rig.bootstrapServers());
        String requests = SluiceJar.TOPICS.requests();
        try (Admin admin = Admin.create(config)) {
            Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
            admin.describeTopics(List.of(requests))
                    .allTopicNames()
                    .get()
                    .get(requests)
                    .partitions()
                    .forEach(info ->
                            offsets.put(new TopicPartition(requests, info.partition()), new OffsetAndMetadata(0)));
            admin.alterConsumerGroupOffsets("trial", offsets).all().get();
        } catch (ExecutionException failed) {
            throw new IllegalStateException(failed);
        }
    }

    private OutageTimes strike(BenchRig rig) throws InterruptedException {
        long first = rig.firstCall();
        long half = requests / 2;
        if (!rig.waitFor(first, 2 * half / perSecond, () -> rig.api().calls() >= half)) {
            throw new IllegalStateException("half of the requests are not called in twice their time");
        }
        UnaryOperator<StandInSettings> begin = rejectsKey
                ? settings -> settings.withApiKeys("another")
                : settings -> settings.withFaults(FaultRule.always(ApiFault.status(503)));
        long from = System.nanoTime();
        rig.api().update(begin);
        rig.waitForAnswers(from, seconds);
        rig.api().update(settings -> settings.withApiKeys().withFaults());
        return new OutageTimes(first, from, System.nanoTime(), System.currentTimeMillis());
    }

    private PaceOutcome judge(BenchRig rig, OutageTimes outage, MeasuredBound answered) throws InterruptedException {
        CallTraffic traffic =
                new CallTraffic(rig.api().history(), new LimitTimeline(outage.firstCall(), perSecond), false);
        long calls = traffic.between(outage.from(), outage.to()).stream()
                .filter(call -> !call.admitted())
                .count();
        Topics topics = SluiceJar.TOPICS;
        List<String> aside = Stream.concat(
                        Stream.of(topics.retry()),
                        Stream.of(Topics.Tier.values()).map(topics::delay))
                .toList();
        long moved = count(rig, aside, OutageScenario::isNotRateLimited);
        long dead = count(rig, List.of(topics.dead()), record -> true);
        long back = silence(rig.times(), outage.endMillis());
        List<MeasuredBound> bounds = List.of(
                new MeasuredBound("calls during the outage", calls, SPARE_CALLS),
                new MeasuredBound("requests on retry and delay topics, no 429s", moved, rejectsKey ? 0 : SPARE_CALLS),
                MeasuredBound.none("dead letters", dead),
                MeasuredBound.none("failed replies", rig.times().failures()),
                new MeasuredBound("ms from its end to the next answer", back, TimeUnit.SECONDS.toMillis(BACK_SECONDS)),
                PaceOutcome.start(traffic, 0),
                answered);
        return new PaceOutcome(
                perSecond + "/s, then " + (rejectsKey ? 401 : 503) + " for " + seconds + " s",
                "≤ " + SPARE_CALLS + " calls in it, none dead, back in " + BACK_SECONDS + " s",
                traffic,
                Double.NaN,
                traffic.rejected(outage.firstCall(), Long.MAX_VALUE),
                bounds);
    }

    /** Counts the committed records of topics. Their offsets would count the markers of transactions, too. */
    private static long count(BenchRig rig, List<String> topics, Predicate<ConsumerRecord<byte[], byte[]>> which)
            throws InterruptedException {
        AtomicLong count = new AtomicLong();
        try (CommittedReader reader = new CommittedReader(
                rig.bootstrapServers(), topics, record -> count.addAndGet(which.test(record) ? 1 : 0))) {
            reader.start().finish(READ_BOUND);
        }
        return count.get();
    }

    private static boolean isNotRateLimited(ConsumerRecord<byte[], byte[]> record) {
        // a request that the limit has delayed says nothing about the outage
        return WireHeaders.text(record.headers(), WireHeaders.LAST_ERROR)
                .filter(error -> error.startsWith(Integer.toString(CallTraffic.TOO_MANY_REQUESTS)))
                .isEmpty();
    }

    /**
     * Returns the milliseconds from the end of the outage to the next answer. Earlier answers have arrived long before.
     */
    private static long silence(RequestTimes times, long endMillis) {
        long next = times.numbers()
                .mapToLong(times::repliedAt)
                .filter(at -> at >= endMillis)
                .min()
                .orElse(Long.MAX_VALUE);
        return next - endMillis;
    }
}
