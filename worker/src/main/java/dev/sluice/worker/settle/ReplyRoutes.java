package dev.sluice.worker.settle;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.ReplyTopics;
import dev.sluice.worker.kafka.TopicLookUp;
import dev.sluice.worker.outcome.Outcome;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds where a reply goes before its transaction begins. A send to a missing topic or partition would block for the
 * producer's whole {@code max.block.ms} and spoil the batch. A send to a partition that takes nothing would block for
 * its whole {@code delivery.timeout.ms}. Topics are looked up in the background. A reply whose topic is not known yet
 * waits and delays no other. Owned by the settle thread.
 */
final class ReplyRoutes {
    /** Time for which a topic that was found is not looked up again. */
    private static final long FOUND_TTL_MILLIS = Duration.ofSeconds(10).toMillis();

    /**
     * Time for which a topic is not looked up again that is missing or has a partition that takes nothing. It is
     * shorter, since someone may be creating the topic or starting the broker.
     */
    private static final long MISSING_TTL_MILLIS = Duration.ofSeconds(5).toMillis();

    /**
     * Time for which an old result counts while the topic is looked up again. After that its leaders may be others.
     */
    private static final long STALE_MILLIS = Duration.ofSeconds(10).toMillis();

    /** Time after which a failed look-up is tried again. */
    private static final long FAILED_TTL_MILLIS = Duration.ofSeconds(1).toMillis();

    private static final int UNKNOWN = -1;
    private static final int MAX_TOPICS = 1_000;

    private static final Logger log = LoggerFactory.getLogger(ReplyRoutes.class);

    private final Topics topics;
    private final ReplyTopics allowed;
    private final Function<String, CompletableFuture<TopicLookUp.Partitions>> topicLookUp;
    private final Map<String, KnownTopic> known = new HashMap<>();
    private final Map<String, CompletableFuture<TopicLookUp.Partitions>> lookUps = new HashMap<>();

    private record KnownTopic(int partitionCount, Set<Integer> unwritable, long untilMillis) {
        KnownTopic until(long millis) {
            return new KnownTopic(partitionCount, unwritable, millis);
        }

        /** Returns the same without the number of partitions, to be looked up again. */
        KnownTopic invalid() {
            return new KnownTopic(UNKNOWN, unwritable, Long.MIN_VALUE);
        }
    }

    /** @param topicLookUp looks up the partitions of a topic */
    ReplyRoutes(ReplyTopics allowed, Function<String, CompletableFuture<TopicLookUp.Partitions>> topicLookUp) {
        this.topics = allowed.topics();
        this.allowed = allowed;
        this.topicLookUp = topicLookUp;
    }

    /**
     * Returns the route of the settlement's reply. It is the queue's own reply topic, with the problem, if the reply
     * cannot go where the request wants it. The result is empty while the topic is looked up. Ask again a little
     * later.
     *
     * @param nowMillis the time of a monotonic clock
     */
    Optional<ReplyRoute> of(Settlement settlement, long nowMillis) {
        boolean noReply = settlement.isMove() || settlement.outcome() instanceof Outcome.Requeue;
        return noReply || settlement.form() != Settlement.Form.AS_ASKED
                ? Optional.of(fallback(null))
                : requested(settlement.input(), nowMillis);
    }

    /**
     * Returns the partitions of a topic that could not be written to when it was last looked up. Looks it up again if
     * that is a while ago.
     *
     * @param nowMillis the time of a monotonic clock
     */
    Set<Integer> unwritable(String topic, long nowMillis) {
        return known(topic, nowMillis).unwritable();
    }

    /** Makes all topics be looked up again. A send has failed in a way that a topic's deletion would explain. */
    void invalidate() {
        known.replaceAll((topic, before) -> before.invalid());
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
        int count = known(topic, nowMillis).partitionCount();
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

    /**
     * Returns what is known of a topic. A result that is not much too old stays valid while the topic is looked up
     * again.
     */
    private KnownTopic known(String topic, long nowMillis) {
        KnownTopic before = known.getOrDefault(topic, new KnownTopic(UNKNOWN, Set.of(), Long.MIN_VALUE));
        if (nowMillis < before.untilMillis()) {
            return before;
        }
        CompletableFuture<TopicLookUp.Partitions> lookUp = lookUps.computeIfAbsent(topic, topicLookUp);
        if (!lookUp.isDone()) {
            boolean stays = before.partitionCount() > 0 && nowMillis < before.untilMillis() + STALE_MILLIS;
            return stays ? before : before.invalid();
        }
        lookUps.remove(topic);
        KnownTopic now = result(topic, lookUp, before, nowMillis);
        if (known.size() >= MAX_TOPICS) {
            known.clear();
        }
        known.put(topic, now);
        return now;
    }

    private static KnownTopic result(
            String topic, CompletableFuture<TopicLookUp.Partitions> lookUp, KnownTopic before, long nowMillis) {
        try {
            TopicLookUp.Partitions found = lookUp.join();
            boolean complete = found.count() > 0 && found.unwritable().isEmpty();
            return new KnownTopic(
                    found.count(), found.unwritable(), nowMillis + (complete ? FOUND_TTL_MILLIS : MISSING_TTL_MILLIS));
        } catch (CompletionException | CancellationException failure) {
            log.atWarn()
                    .addKeyValue("topic", topic)
                    .addKeyValue("error", String.valueOf(failure.getCause()))
                    .log("Reply topic could not be looked up");
            KnownTopic still = before.partitionCount() > 0 ? before : before.invalid();
            return still.until(nowMillis + FAILED_TTL_MILLIS);
        }
    }
}
