package dev.sluice;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Hands every reply of a reply topic to a {@link ReplyHandler}, for services that {@link ChatQueue#submit} and do not
 * wait. Members of one group share the topic's partitions.
 *
 * <pre>{@code
 * ReplyConsumer replies = ReplyConsumer.builder().group("billing").handler(reply -> book(reply)).start();
 * }</pre>
 *
 * <p><b>Delivery.</b> {@code read_committed}, from the earliest reply on where the group is new, at least once: an offset
 * is committed after its handler returned. After a crash, or a rebalance, what was not committed comes again.
 *
 * <p><b>Order and threads.</b> One thread of its own calls the handler, one reply at a time, in the order of each
 * partition. The replies that one poll brings, at most {@code max.poll.records} (50 here), must be handled within
 * {@code max.poll.interval.ms} (5 minutes), 6 seconds each, or the group takes the partitions away and they come again
 * elsewhere. For more throughput start more consumers, up to the number of partitions.
 *
 * <p><b>A handler that throws</b> gets the same reply again after a pause that grows from a quarter of a second to ten;
 * meanwhile its partition stands still and the others go on. After the last try {@link FailurePolicy} decides.
 *
 * <p>All methods are thread-safe.
 */
public final class ReplyConsumer implements AutoCloseable {
    private final CompletableFuture<@Nullable Void> stopped = new CompletableFuture<>();

    private ReplyConsumer(ReplyConsumerSettings settings) {
        stopped.completeExceptionally(new ChatQueueException("not connected to " + settings.topic()));
    }

    static ReplyConsumer start(ReplyConsumerSettings settings) {
        return new ReplyConsumer(settings);
    }

    public static ReplyConsumerBuilder builder() {
        return new ReplyConsumerBuilder();
    }

    /** Completes when the consumer has stopped: normally after {@link #close()}, exceptionally with what stopped it. */
    public CompletableFuture<@Nullable Void> stopped() {
        return stopped.copy();
    }

    /** What stopped it; empty while it runs and after an orderly {@link #close()}. */
    public Optional<Throwable> failure() {
        return Optional.empty();
    }

    /**
     * Lets the handler that runs finish, commits, leaves the group. Waits for that, at most for the close timeout; then
     * the handler's thread is interrupted and its reply comes again. Idempotent; does not throw what stopped it earlier.
     */
    @Override
    public void close() {}
}
