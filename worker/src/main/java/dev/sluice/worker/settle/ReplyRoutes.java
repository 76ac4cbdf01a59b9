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
 * Finds where a reply goes, before a transaction begins: a send to a topic or partition that does not exist would block
 * for the producer's whole {@code max.block.ms} and spoil the batch. Looks topics up in the background: a reply whose
 * topic is not known yet waits, and holds up no other. Owned by the settle thread.
 */
final class ReplyRoutes {
    /** How long what was seen of a topic is believed without looking again. */
    private static final long BELIEVED_MILLIS = Duration.ofSeconds(10).toMillis();

    /** The same where it was missing: somebody may be creating it. */
    private static final long MISSING_MILLIS = Duration.ofSeconds(5).toMillis();

    /** Until a look-up that failed is tried again. */
    private static final long UNKNOWN_MILLIS = Duration.ofSeconds(1).toMillis();

    private static final int UNKNOWN = -1;
    private static final int MAX_TOPICS = 1_000;

    private static final Logger log = LoggerFactory.getLogger(ReplyRoutes.class);

    private final Topics topics;
    private final ReplyTopics allowed;
    private final Function<String, CompletableFuture<Integer>> width;
    private final Map<String, Seen> seen = new HashMap<>();
    private final Map<String, CompletableFuture<Integer>> lookUps = new HashMap<>();

    private record Seen(int width, long until) {}

    /** @param width looks up the number of a topic's partitions, 0 where there is no such topic */
    ReplyRoutes(ReplyTopics allowed, Function<String, CompletableFuture<Integer>> width) {
        this.topics = allowed.topics();
        this.allowed = allowed;
        this.width = width;
    }

    /**
     * Where the reply of this settlement goes; the queue's own replies, with the problem, where that cannot be. Empty
     * while that is being looked up: ask again a little later.
     *
     * @param nowMillis of a monotonic clock
     */
    Optional<ReplyRoute> of(Settlement settlement, long nowMillis) {
        boolean noReply = settlement.outcome() instanceof Outcome.Requeue;
        return noReply || settlement.form() != Settlement.Form.AS_ASKED
                ? Optional.of(fallback(null))
                : wanted(settlement.envelope(), nowMillis);
    }

    /** Believes nothing any more: a send has failed in a way that a topic's deletion would explain. */
    void forget() {
        seen.clear();
    }

    private Optional<ReplyRoute> wanted(InputRecord envelope, long nowMillis) {
        Optional<String> named = envelope.header(WireHeaders.REPLY_TOPIC);
        Optional<String> refused = allowed.problem(envelope);
        if (refused.isPresent()) {
            return Optional.of(fallback(refused.get()));
        }
        String topic = named.orElse(topics.replies());
        OptionalInt partition;
        try {
            partition = WireHeaders.replyPartition(envelope.record().headers());
        } catch (IllegalArgumentException malformed) {
            return Optional.of(fallback(malformed.getMessage()));
        }
        if (topic.equals(topics.replies()) && partition.isEmpty()) {
            return Optional.of(fallback(null));
        }
        int partitions = width(topic, nowMillis);
        if (partitions == UNKNOWN) {
            return Optional.empty();
        }
        ReplyRoute asked = new ReplyRoute(topic, partition.isPresent() ? partition.getAsInt() : null, partitions, null);
        return Optional.of(
                problem(topic, partition, partitions).map(this::fallback).orElse(asked));
    }

    private ReplyRoute fallback(@Nullable String problem) {
        return new ReplyRoute(topics.replies(), null, 0, problem);
    }

    private static Optional<String> problem(String topic, OptionalInt partition, int partitions) {
        if (partitions == 0) {
            return Optional.of("reply topic '" + topic + "' does not exist, or this worker may not see it");
        }
        return partition.orElse(0) < partitions
                ? Optional.empty()
                : Optional.of("reply partition " + partition.getAsInt() + " does not exist; topic '" + topic + "' has "
                        + partitions);
    }

    /** A topic that was there is believed to be there still while it is looked up again. */
    private int width(String topic, long nowMillis) {
        Seen known = seen.getOrDefault(topic, new Seen(UNKNOWN, nowMillis));
        if (nowMillis < known.until()) {
            return known.width();
        }
        CompletableFuture<Integer> lookUp = lookUps.computeIfAbsent(topic, width);
        if (!lookUp.isDone()) {
            return known.width() > 0 ? known.width() : UNKNOWN;
        }
        lookUps.remove(topic);
        Seen now = result(topic, lookUp, known.width(), nowMillis);
        if (seen.size() >= MAX_TOPICS) {
            seen.clear();
        }
        seen.put(topic, now);
        return now.width();
    }

    private static Seen result(String topic, CompletableFuture<Integer> lookUp, int before, long nowMillis) {
        try {
            int found = lookUp.join();
            return new Seen(found, nowMillis + (found == 0 ? MISSING_MILLIS : BELIEVED_MILLIS));
        } catch (CompletionException | CancellationException notNow) {
            log.atWarn()
                    .addKeyValue("topic", topic)
                    .addKeyValue("error", String.valueOf(notNow.getCause()))
                    .log("reply topic cannot be looked up");
            return new Seen(before > 0 ? before : UNKNOWN, nowMillis + UNKNOWN_MILLIS);
        }
    }
}
