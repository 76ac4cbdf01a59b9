package dev.sluice;

import dev.sluice.wire.Reason;
import dev.sluice.wire.WireHeaders;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Holds the asks that wait for a reply, by correlation id.
 *
 * <p>A correlation id is 8 random bytes that identify this instance on the partition and an 8-byte counter. A late
 * reply is thereby distinguished from another instance's reply without remembering old ids.
 *
 * <p>The class is thread-safe. Whoever completes an ask first has ended it.
 */
final class PendingAsks {
    private static final Logger LOG = LoggerFactory.getLogger(PendingAsks.class);
    private static final int CORRELATION_BYTES = 2 * Long.BYTES;

    /**
     * An ask that waits.
     *
     * @param correlation the bytes that its reply carries
     * @param accepted set once Kafka has the request
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Ask(byte[] correlation, CompletableFuture<ChatReply> future, AtomicBoolean accepted) {}

    private final Map<Long, CompletableFuture<ChatReply>> waiting = new ConcurrentHashMap<>();
    private final AtomicLong counter = new AtomicLong();
    private final AtomicLong late = new AtomicLong();
    private final long instance;
    private final DeadlineScheduler deadlines;
    private volatile @Nullable ChatQueueException shutdownReason;
    private volatile @Nullable ChatQueueException blockReason;

    /**
     * Makes an empty set of asks.
     *
     * @param instance a random number, different from every other instance's
     */
    PendingAsks(long instance, DeadlineScheduler deadlines) {
        this.instance = instance;
        this.deadlines = deadlines;
    }

    /**
     * Registers a new ask and starts its deadline. The ask has already failed if {@link #shutDown} was called, or if
     * asks are blocked.
     */
    Ask open(String id, Duration deadline) {
        long number = counter.incrementAndGet();
        CompletableFuture<ChatReply> future = new CompletableFuture<>();
        AtomicBoolean accepted = new AtomicBoolean();
        // Registered before the reason is read: a concurrent shutDown() either finds this ask or is found here.
        waiting.put(number, future);
        ChatQueueException ended = shutdownReason == null ? blockReason : shutdownReason;
        if (ended != null) {
            future.completeExceptionally(ended);
            waiting.remove(number);
        } else {
            Runnable cancel = deadlines.after(
                    deadline, () -> future.completeExceptionally(timeout(id, deadline, accepted.get())));
            CompletableFuture<ChatReply> unused = future.whenComplete((reply, failure) -> {
                waiting.remove(number);
                cancel.run();
            });
        }
        return new Ask(correlation(number), future, accepted);
    }

    private ReplyTimeoutException timeout(String id, Duration deadline, boolean isAccepted) {
        ChatQueueException block = blockReason;
        if (block != null) {
            return ReplyTimeoutException.unreadable(id, deadline, block);
        }
        return isAccepted ? new ReplyTimeoutException(id, deadline) : ReplyTimeoutException.notAccepted(id, deadline);
    }

    /**
     * Completes the ask that this record answers. Records for no ask of this instance are ignored. If this throws, the
     * ask goes on waiting.
     */
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
        CompletableFuture<ChatReply> future = waiting.get(parts.getLong());
        if (future == null || !future.complete(ChatReply.from(reply))) {
            reportDropped(reply.headers());
        }
    }

    /** Reports a reply whose ask is over. Asks that were cancelled all have one, so these are no news. */
    private void reportDropped(Headers headers) {
        String reason = WireHeaders.text(headers, WireHeaders.REASON).orElse("");
        LOG.atLevel(reason.equals(Reason.CANCELLED.word()) ? Level.DEBUG : Level.INFO)
                .addKeyValue("id", WireHeaders.text(headers, WireHeaders.ID).orElse(""))
                .addKeyValue("late", late.incrementAndGet())
                .log("Late reply dropped");
    }

    /** Fails every new ask at once with this reason until {@link #unblock()}. Asks that wait now go on waiting. */
    void block(ChatQueueException reason) {
        blockReason = reason;
    }

    /** Lets new asks wait again. */
    void unblock() {
        blockReason = null;
    }

    /** Fails every ask, now and in the future. Only the first reason is kept. */
    void shutDown(ChatQueueException reason) {
        synchronized (this) {
            if (shutdownReason != null) {
                return;
            }
            shutdownReason = reason;
        }
        fail(reason);
    }

    /** Fails every ask that waits now, and none that is opened from now on. */
    void fail(ChatQueueException reason) {
        long latest = counter.get();
        waiting.forEach((number, future) -> {
            if (number <= latest) {
                future.completeExceptionally(reason);
            }
        });
    }

    /** Returns the number of waiting asks. */
    int size() {
        return waiting.size();
    }

    /** Returns how many replies came after their ask had ended. */
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
