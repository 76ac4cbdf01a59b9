package dev.sluice;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The waiting half of a queue: opens the inbox with the first ask, and joins each request with its reply. Thread-safe.
 */
final class AskInbox implements AutoCloseable {
    private final String topic;
    private final Duration maxBlock;
    private final PendingAsks pending;
    private final DeadlineScheduler deadlines;
    private final Supplier<ReplyInbox> inboxes;
    private @Nullable ReplyInbox inbox;
    private boolean closed;

    /** @param inboxes makes an inbox for {@code pending} and starts it */
    AskInbox(QueueSettings settings, PendingAsks pending, DeadlineScheduler deadlines, Supplier<ReplyInbox> inboxes) {
        this.topic = settings.replies();
        this.maxBlock = settings.maxBlock();
        this.pending = pending;
        this.deadlines = deadlines;
        this.inboxes = inboxes;
    }

    /**
     * Sends a request and waits for its reply without blocking, but for the first one's inbox: {@code max.block.ms} at
     * most.
     *
     * @param send publishes the request with this address for its reply
     */
    CompletableFuture<ChatReply> ask(
            String id, Duration deadline, Function<ReplyAddress, CompletableFuture<Receipt>> send) {
        PendingAsks.Ask ask = pending.open(id, deadline);
        try {
            int partition = partition();
            // Who has waited for the inbox beyond the deadline does not want the call any more.
            if (!ask.future().isDone()) {
                failWith(send.apply(new ReplyAddress(topic, partition, ask.correlation())), ask);
            }
        } catch (ChatQueueException e) {
            ask.future().completeExceptionally(e);
        }
        return ask.future();
    }

    private static void failWith(CompletableFuture<Receipt> sent, PendingAsks.Ask ask) {
        CompletableFuture<Receipt> unused = sent.whenComplete((receipt, failure) -> {
            if (failure == null) {
                ask.accepted().set(true);
            } else {
                ask.future().completeExceptionally(failure);
            }
        });
    }

    /** Fails every ask that waits, and every one that comes. */
    @Override
    public void close() {
        ReplyInbox last;
        synchronized (this) {
            closed = true;
            last = inbox;
        }
        pending.end(new ChatQueueException("the queue was closed before the reply came; the request stays in it"));
        deadlines.close();
        if (last != null) {
            last.close();
        }
    }

    private int partition() {
        try {
            return inbox().partition().get(maxBlock.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new ChatQueueException(e.getCause().getMessage(), e.getCause());
        } catch (TimeoutException e) {
            throw ReplyInbox.notFound(topic, maxBlock, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ChatQueueException("interrupted while reply topic " + topic + " was looked for", e);
        }
    }

    /**
     * The inbox; a new one where the last could not start or has ended. An ask is opened before this looks, and an inbox
     * has ended before it fails the open ones: so each ask is failed with its inbox, or has another one.
     */
    private synchronized ReplyInbox inbox() {
        if (closed) {
            throw new ChatQueueException("the queue is closed");
        }
        if (inbox == null || inbox.hasEnded()) {
            inbox = inboxes.get();
        }
        return inbox;
    }
}
