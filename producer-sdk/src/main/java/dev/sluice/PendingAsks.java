package dev.sluice;

import dev.sluice.wire.WireHeaders;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The asks that wait for a reply, by correlation id: 8 random bytes that tell this instance from the others on the
 * partition, then 8 bytes that count. So a reply that comes too late is known from somebody else's without keeping ids.
 *
 * <p>Thread-safe. Whoever removes an ask from the map, and nobody else, ends it.
 */
final class PendingAsks {
    private static final Logger LOG = LoggerFactory.getLogger(PendingAsks.class);
    private static final int CORRELATION_BYTES = 2 * Long.BYTES;

    /**
     * @param correlation what its reply carries
     * @param accepted set once Kafka has the request
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Ask(byte[] correlation, CompletableFuture<ChatReply> future, AtomicBoolean accepted) {}

    private final Map<Long, CompletableFuture<ChatReply>> waiting = new ConcurrentHashMap<>();
    private final AtomicLong counter = new AtomicLong();
    private final AtomicLong late = new AtomicLong();
    private final long instance;
    private final DeadlineScheduler deadlines;
    private volatile @Nullable ChatQueueException end;

    /** @param instance at random, different from every other instance's */
    PendingAsks(long instance, DeadlineScheduler deadlines) {
        this.instance = instance;
        this.deadlines = deadlines;
    }

    /** A new ask, whose deadline runs from now on; one that has failed already where no reply can come any more. */
    Ask open(String id, Duration deadline) {
        long number = counter.incrementAndGet();
        CompletableFuture<ChatReply> future = new CompletableFuture<>();
        AtomicBoolean accepted = new AtomicBoolean();
        waiting.put(number, future);
        ChatQueueException ended = end;
        if (ended != null) {
            future.completeExceptionally(ended);
            waiting.remove(number);
        } else {
            Runnable cancel = deadlines.after(
                    deadline,
                    () -> future.completeExceptionally(
                            accepted.get()
                                    ? new ReplyTimeoutException(id, deadline)
                                    : ReplyTimeoutException.notAccepted(id, deadline)));
            CompletableFuture<ChatReply> unused = future.whenComplete((reply, failure) -> {
                waiting.remove(number);
                cancel.run();
            });
        }
        return new Ask(correlation(number), future, accepted);
    }

    /** Ends the ask that this record answers; ignores what answers none. */
    void deliver(ConsumerRecord<byte[], byte[]> reply) {
        byte[] correlation =
                WireHeaders.bytes(reply.headers(), WireHeaders.CORRELATION_ID).orElse(new byte[0]);
        if (correlation.length != CORRELATION_BYTES) {
            return;
        }
        ByteBuffer parts = ByteBuffer.wrap(correlation);
        if (parts.getLong() != instance) {
            return;
        }
        CompletableFuture<ChatReply> future = waiting.remove(parts.getLong());
        if (future == null || !future.complete(ChatReply.from(reply))) {
            LOG.atInfo()
                    .addKeyValue(
                            "id",
                            WireHeaders.text(reply.headers(), WireHeaders.ID).orElse(""))
                    .addKeyValue("late", late.incrementAndGet())
                    .log("Dropped a reply that nobody waits for any more");
        }
    }

    /** Fails every ask, those of the future too. Only the first reason counts. */
    void end(ChatQueueException reason) {
        synchronized (this) {
            if (end != null) {
                return;
            }
            end = reason;
        }
        fail(reason);
    }

    /** Fails every ask that waits now. */
    void fail(ChatQueueException reason) {
        waiting.values().forEach(future -> future.completeExceptionally(reason));
    }

    /** How many wait. */
    int size() {
        return waiting.size();
    }

    /** How many replies came after their ask had ended. */
    long late() {
        return late.get();
    }

    private byte[] correlation(long number) {
        return ByteBuffer.allocate(CORRELATION_BYTES)
                .putLong(instance)
                .putLong(number)
                .array();
    }
}
