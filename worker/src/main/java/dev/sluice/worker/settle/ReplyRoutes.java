package dev.sluice.worker.settle;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.intake.Envelope;
import dev.sluice.worker.intake.ReplyTopics;
import dev.sluice.worker.outcome.Outcome;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.ToIntFunction;
import org.apache.kafka.common.errors.RetriableException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds where a reply goes, before a transaction begins: a send to a topic or partition that does not exist would block
 * for the producer's whole {@code max.block.ms} and spoil the batch. Owned by the settle thread.
 */
final class ReplyRoutes {
    /**
     * How long what was seen of a topic is believed: for as long, one that was deleted spoils every batch with a reply
     * to it. Shorter where it was missing, since somebody may be creating it.
     */
    private static final long BELIEVED_MILLIS = Duration.ofSeconds(10).toMillis();

    private static final long MISSING_MILLIS = Duration.ofSeconds(5).toMillis();
    private static final int MAX_TOPICS = 1_000;

    private static final Logger log = LoggerFactory.getLogger(ReplyRoutes.class);

    private final Topics topics;
    private final ReplyTopics allowed;
    private final ToIntFunction<String> width;
    private final Map<String, Seen> seen = new HashMap<>();

    private record Seen(int width, long until) {}

    /** @param width the number of a topic's partitions, 0 where there is no such topic */
    ReplyRoutes(ReplyTopics allowed, ToIntFunction<String> width) {
        this.topics = allowed.topics();
        this.allowed = allowed;
        this.width = width;
    }

    /**
     * Where the reply of this settlement goes; the queue's own replies, with the problem, where that cannot be.
     *
     * @throws RetriableException where that cannot be known now
     */
    Route of(Settlement settlement, long nowMillis) {
        boolean noReply = settlement.outcome() instanceof Outcome.Requeue;
        return noReply || settlement.form() != Settlement.Form.AS_ASKED
                ? fallback(null)
                : wanted(settlement.envelope(), nowMillis);
    }

    private Route wanted(Envelope envelope, long nowMillis) {
        Optional<String> named = envelope.header(WireHeaders.REPLY_TOPIC);
        Optional<String> refused = allowed.problem(envelope);
        if (refused.isPresent()) {
            return fallback(refused.get());
        }
        String topic = named.orElse(topics.replies());
        OptionalInt partition;
        try {
            partition = WireHeaders.replyPartition(envelope.record().headers());
        } catch (IllegalArgumentException malformed) {
            return fallback(malformed.getMessage());
        }
        boolean own = topic.equals(topics.replies()) && partition.isEmpty();
        String problem = own ? null : problem(topic, partition, nowMillis);
        return problem == null
                ? new Route(topic, partition.isPresent() ? partition.getAsInt() : null, null)
                : fallback(problem);
    }

    private Route fallback(@Nullable String problem) {
        return new Route(topics.replies(), null, problem);
    }

    private @Nullable String problem(String topic, OptionalInt partition, long nowMillis) {
        int partitions = width(topic, nowMillis);
        if (partitions == 0) {
            return "reply topic '" + topic + "' does not exist, or this worker may not see it";
        }
        return partition.orElse(0) < partitions
                ? null
                : "reply partition " + partition.getAsInt() + " does not exist; topic '" + topic + "' has "
                        + partitions;
    }

    private int width(String topic, long nowMillis) {
        Seen known = seen.get(topic);
        if (known != null && nowMillis < known.until()) {
            return known.width();
        }
        int partitions = lookUp(topic, known);
        if (seen.size() >= MAX_TOPICS) {
            seen.clear();
        }
        seen.put(topic, new Seen(partitions, nowMillis + (partitions == 0 ? MISSING_MILLIS : BELIEVED_MILLIS)));
        return partitions;
    }

    /** Where that is not possible now, a topic that was there is believed to be there still; it holds nobody up. */
    private int lookUp(String topic, @Nullable Seen known) {
        try {
            return width.applyAsInt(topic);
        } catch (RetriableException notNow) {
            if (known == null || known.width() == 0) {
                throw notNow;
            }
            log.atWarn()
                    .addKeyValue("topic", topic)
                    .addKeyValue("error", notNow.toString())
                    .log("reply topic cannot be looked up; it was there before");
            return known.width();
        }
    }
}
