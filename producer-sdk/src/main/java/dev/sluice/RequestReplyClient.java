package dev.sluice;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests with a reply address and waits for their replies. The first ask opens the inbox. The class is
 * thread-safe.
 */
final class RequestReplyClient implements AutoCloseable {
    private final String topic;
    private final Duration maxBlock;
    private final PendingAsks pending;
    private final DeadlineScheduler deadlines;
    private final Supplier<ReplyInbox> inboxes;
    private @Nullable ReplyInbox inbox;
    private boolean closed;

    /**
     * Makes a client without an inbox.
     *
     * @param inboxes makes an inbox for {@code pending} and starts it
     */
    RequestReplyClient(
            QueueSettings settings, PendingAsks pending, DeadlineScheduler deadlines, Supplier<ReplyInbox> inboxes) {
        this.topic = settings.replies();
        this.maxBlock = settings.maxBlock();
        this.pending = pending;
        this.deadlines = deadlines;
        this.inboxes = inboxes;
    }

    /**
     * Sends a request and returns the future of its reply. It blocks only until the inbox is open, for
     * {@code max.block.ms} at most.
     *
     * @param send publishes the request with this address for its reply
     * @param onCancelled runs if the future is cancelled, once Kafka has the request
     */
    CompletableFuture<ChatReply> ask(
            String id,
            Duration deadline,
            Function<ReplyAddress, CompletableFuture<Receipt>> send,
            Consumer<ReplyAddress> onCancelled) {
        PendingAsks.Ask ask = pending.open(id, deadline);
        try {
            int partition = partition();
            // The deadline may pass while the inbox opens. Nobody waits for the reply then, so the request is not sent.
            if (!ask.future().isDone()) {
                ReplyAddress address = new ReplyAddress(topic, partition, ask.correlation());
                CompletableFuture<Receipt> sent = send.apply(address);
                failIfNotSent(sent, ask);
                CompletableFuture<ChatReply> unused = ask.future().whenComplete((reply, failure) -> {
                    if (ask.future().isCancelled()) {
                        runOncePublished(sent, () -> onCancelled.accept(address));
                    }
                });
            }
        } catch (ChatQueueException e) {
            ask.future().completeExceptionally(e);
        }
        return ask.future();
    }

    /** Runs an action that may send, once Kafka has the request. */
    private static void runOncePublished(CompletableFuture<Receipt> sent, Runnable action) {
        // A send on the producer's own thread would wait for that thread.
        CompletableFuture<Void> unused =
                sent.isDone() ? sent.thenRun(action) : sent.thenRunAsync(action, CancelThreads.POOL);
    }

    private static void failIfNotSent(CompletableFuture<Receipt> sent, PendingAsks.Ask ask) {
        CompletableFuture<Receipt> unused = sent.whenComplete((receipt, failure) -> {
            if (failure == null) {
                ask.accepted().set(true);
            } else {
                ask.future().completeExceptionally(failure);
            }
        });
    }

    /** Fails every waiting ask and every later one. */
    @Override
    public void close() {
        ReplyInbox open;
        synchronized (this) {
            closed = true;
            open = inbox;
        }
        pending.shutDown(new ChatQueueException("the queue was closed before the reply came; the request stays in it"));
        deadlines.close();
        if (open != null) {
            open.close();
        }
    }

    /** An inbox, and whether the present ask has opened it. */
    private record Opening(ReplyInbox inbox, boolean isOwn) {}

    private int partition() {
        long deadline = System.nanoTime() + maxBlock.toNanos();
        while (true) {
            Opening opening = inbox();
            long left = Math.max(0, deadline - System.nanoTime());
            try {
                return opening.inbox().partition().get(left, TimeUnit.NANOSECONDS);
            } catch (ExecutionException e) {
                // An earlier ask has opened it, perhaps while Kafka was away. This ask tries for itself.
                if (opening.isOwn() || deadline - System.nanoTime() <= 0) {
                    throw new ChatQueueException(e.getCause().getMessage(), e.getCause());
                }
            } catch (TimeoutException e) {
                throw ReplyInbox.notFound(topic, maxBlock, e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new ChatQueueException("interrupted while reply topic " + topic + " was looked for", e);
            }
        }
    }

    /**
     * Returns the open inbox. It opens a new one if the last could not start or has ended.
     *
     * <p>No ask is lost between two inboxes. An ask is registered before this method runs, and an inbox is marked as
     * ended before it fails the registered asks. So each ask either fails with its inbox or gets a new one.
     */
    private synchronized Opening inbox() {
        if (closed) {
            throw new ChatQueueException("the queue is closed");
        }
        boolean isOwn = inbox == null || inbox.hasEnded();
        ReplyInbox open = isOwn ? inboxes.get() : inbox;
        inbox = open;
        return new Opening(open, isOwn);
    }
}
