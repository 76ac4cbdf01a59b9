package dev.sluice.worker.settle;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.ReplyTopics;
import dev.sluice.worker.outcome.Outcome;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds where a reply goes before its transaction begins. A send to a missing topic or partition would block for the
 * producer's whole {@code max.block.ms} and spoil the batch. Topics are looked up in the background. A reply whose
 * topic is not known yet waits and delays no other. Owned by the settle thread.
 */
final class ReplyRoutes {
    /** Time for which a topic that was found is not looked up again. */
    private static final long FOUND_TTL_MILLIS = Duration.ofSeconds(10).toMillis();

    /**
     * Time for which a missing topic is not looked up again. It is shorter, since someone may be creating the topic.
     */
    private static final long MISSING_TTL_MILLIS = Duration.ofSeconds(5).toMillis();

    /** Time after which a failed look-up is tried again. */
    private static final long FAILED_TTL_MILLIS = Duration.ofSeconds(1).toMillis();

    private static final int UNKNOWN = -1;
    private static final int MAX_TOPICS = 1_000;

    private static final Logger log = LoggerFactory.getLogger(ReplyRoutes.class);

    private final Topics topics;
    private final ReplyTopics allowed;
    private final Function<String, CompletableFuture<Integer>> partitionCounts;
    private final Map<String, KnownTopic> known = new HashMap<>();
    private final Map<String, CompletableFuture<Integer>> lookUps = new HashMap<>();

    private record KnownTopic(int partitionCount, long untilMillis) {}

    /** @param partitionCounts looks up a topic's number of partitions, which is 0 if there is no such topic */
    ReplyRoutes(ReplyTopics allowed, Function<String, CompletableFuture<Integer>> partitionCounts) {
        this.topics = allowed.topics();
        this.allowed = allowed;
        this.partitionCounts = partitionCounts;
    }

    /**
     * Returns the route of the settlement's reply. It is the queue's own reply topic, with the problem, if the reply
     * cannot go where the request wants it. The result is empty while the topic is looked up. Ask again a little
     * later.
     *
     * @param nowMillis the time of a monotonic clock
     */
    Optional<ReplyRoute> of(Settlement settlement, long nowMillis) {
        boolean noReply = settlement.outcome() instanceof Outcome.Requeue;
        return noReply || settlement.form() != Settlement.Form.AS_ASKED
                ? Optional.of(fallback(null))
                : requested(settlement.input(), nowMillis);
    }

    /** Forgets all topics. A send has failed in a way that a topic's deletion would explain. */
    void invalidate() {
        known.clear();
    }

    private Optional<ReplyRoute> requested(InputRecord input, long nowMillis) {
        Optional<String> named = input.header(WireHeaders.REPLY_TOPIC);
        Optional<String> refused = allowed.problem(input);
        if (refused.isPresent()) {
            return Optional.of(fallback(refused.get()));
        }
        String topic = named.orElse(topics.replies());
        OptionalInt partition;
        try {
            partition = WireHeaders.replyPartition(input.record().headers());
        } catch (IllegalArgumentException malformed) {
            return Optional.of(fallback(malformed.getMessage()));
        }
        if (topic.equals(topics.replies()) && partition.isEmpty()) {
            return Optional.of(fallback(null));
        }
        int count = partitionCount(topic, nowMillis);
        if (count == UNKNOWN) {
            return Optional.empty();
        }
        ReplyRoute requested = new ReplyRoute(topic, partition.isPresent() ? partition.getAsInt() : null, count, null);
        return Optional.of(problem(topic, partition, count).map(this::fallback).orElse(requested));
    }

    private ReplyRoute fallback(@Nullable String problem) {
        return new ReplyRoute(topics.replies(), null, 0, problem);
    }

    private static Optional<String> problem(String topic, OptionalInt partition, int partitionCount) {
        if (partitionCount == 0) {
            return Optional.of("reply topic '" + topic + "' does not exist, or this worker may not see it");
        }
        return partition.orElse(0) < partitionCount
                ? Optional.empty()
                : Optional.of("reply partition " + partition.getAsInt() + " does not exist; topic '" + topic + "' has "
                        + partitionCount);
    }

    /** Returns a topic's number of partitions. The number known before stays valid while it is looked up again. */
    private int partitionCount(String topic, long nowMillis) {
        KnownTopic before = known.getOrDefault(topic, new KnownTopic(UNKNOWN, nowMillis));
        if (nowMillis < before.untilMillis()) {
            return before.partitionCount();
        }
        CompletableFuture<Integer> lookUp = lookUps.computeIfAbsent(topic, partitionCounts);
        if (!lookUp.isDone()) {
            return before.partitionCount() > 0 ? before.partitionCount() : UNKNOWN;
        }
        lookUps.remove(topic);
        KnownTopic now = result(topic, lookUp, before.partitionCount(), nowMillis);
        if (known.size() >= MAX_TOPICS) {
            known.clear();
        }
        known.put(topic, now);
        return now.partitionCount();
    }

    private static KnownTopic result(String topic, CompletableFuture<Integer> lookUp, int before, long nowMillis) {
        try {
            int found = lookUp.join();
            return new KnownTopic(found, nowMillis + (found == 0 ? MISSING_TTL_MILLIS : FOUND_TTL_MILLIS));
        } catch (CompletionException | CancellationException failure) {
            log.atWarn()
                    .addKeyValue("topic", topic)
                    .addKeyValue("error", String.valueOf(failure.getCause()))
                    .log("Reply topic could not be looked up");
            return new KnownTopic(before > 0 ? before : UNKNOWN, nowMillis + FAILED_TTL_MILLIS);
        }
    }
}
