package dev.sluice.gateway;

import dev.sluice.ChatQueue;
import dev.sluice.ChatQueueException;
import dev.sluice.ChatReply;
import dev.sluice.ChatRequest;
import dev.sluice.InvalidChatRequestException;
import dev.sluice.JsonRequestBuilder;
import dev.sluice.Priority;
import io.vertx.core.Context;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes requests on threads of its own, since that blocks while Kafka is slow, and makes the answers of their
 * replies. Thread-safe.
 */
final class ChatPublisher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ChatPublisher.class);
    private static final int THREADS = 8;
    private static final long CLOSE_SECONDS = 10;

    private final ChatQueue queue;
    private final ExecutorService publishing = threads(THREADS, "sluice-gateway-publish");
    /** Apart from the threads that may all be blocked. */
    private final ExecutorService answering = threads(1, "sluice-gateway-answer");

    /** Apart as well: while Kafka is away many clients leave, and no request may wait behind their marks. */
    private final ExecutorService cancelling = threads(1, "sluice-gateway-cancel");

    private final AtomicLong accepted = new AtomicLong();
    private volatile long skippedUpTo;

    ChatPublisher(ChatQueue queue) {
        this.queue = queue;
    }

    private static ExecutorService threads(int count, String name) {
        return Executors.newFixedThreadPool(count, task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * The request to publish.
     *
     * @param deadline how long the reply is of use
     * @param traceparent the client's trace context, if it sent one
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Envelope(
            String id,
            Caller caller,
            byte[] body,
            Duration deadline,
            @Nullable String traceparent) {}

    /**
     * A request that was handed to Kafka.
     *
     * @param reply the reply
     * @param abandon ends the wait for the reply, and cancels the request if it is still in the queue. It does not
     *     block.
     * @param answer the answer that is made of the reply or of its failure; it never fails. A stream has none, since
     * its
     *     relay tells all.
     */
    record Published(
            boolean isStream,
            CompletableFuture<ChatReply> reply,
            Optional<CompletableFuture<HttpAnswer>> answer,
            Runnable abandon) {}

    /** Makes a relay for the stream that the request may ask for. */
    StreamRelay relay(Context loop, WaitingRequest request) {
        return new StreamRelay(loop, request, task -> execute(answering, task));
    }

    /**
     * Publishes a request.
     *
     * @param relay takes the pieces if the request asks for a stream
     * @return fails with {@link InvalidChatRequestException} if the queue does not take the request, and with
     *     {@link ChatQueueException} if it was skipped
     */
    CompletableFuture<Published> publish(Envelope envelope, StreamRelay relay) {
        long number = accepted.incrementAndGet();
        return CompletableFuture.supplyAsync(
                () -> {
                    if (number <= skippedUpTo) {
                        throw new ChatQueueException("Kafka was away when the request's turn came");
                    }
                    return publishNow(envelope, relay);
                },
                publishing);
    }

    /**
     * Skips the requests that no thread has begun to publish. Each would block its thread in turn, and the last of a
     * thousand would wait for ten minutes to hear that Kafka is away.
     */
    void skipWaiting() {
        skippedUpTo = accepted.get();
    }

    private Published publishNow(Envelope envelope, StreamRelay relay) {
        JsonEncoding.check(envelope.body());
        ChatBody asked = ChatBody.of(envelope.body());
        ChatRequest request = request(envelope);
        if (!asked.isStream()) {
            return publishWhole(request, envelope.deadline());
        }
        relay.begin(queue.stream(request, envelope.deadline()), asked.includesUsage());
        return new Published(true, relay.reply(), Optional.empty(), () -> abandon(relay::isOver, relay::cancel));
    }

    private Published publishWhole(ChatRequest request, Duration deadline) {
        CompletableFuture<ChatReply> reply = queue.ask(request, deadline);
        CompletableFuture<HttpAnswer> answer = reply.handleAsync(
                (ending, failure) -> failure == null ? ReplyAnswers.of(ending) : ReplyAnswers.of(failure), answering);
        Runnable cancel = () -> {
            boolean unused = reply.cancel(false);
        };
        return new Published(
                false,
                reply,
                Optional.of(answer.exceptionally(ReplyAnswers::of)),
                () -> abandon(reply::isDone, cancel));
    }

    /** Leaves the wait on a thread of its own, since the mark that cancels the request may block as a request may. */
    private void abandon(BooleanSupplier isOver, Runnable cancel) {
        if (!isOver.getAsBoolean()) {
            execute(cancelling, cancel);
        }
    }

    private static void execute(ExecutorService threads, Runnable task) {
        try {
            threads.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("Stream or request left as it is, since the gateway closes; it expires by itself", e);
        }
    }

    private static ChatRequest request(Envelope envelope) {
        JsonRequestBuilder builder = ChatRequest.jsonBuilder(envelope.body())
                .id(envelope.id())
                .priority(envelope.caller().isExpress() ? Priority.EXPRESS : Priority.NORMAL);
        if (envelope.caller().tenant() != null) {
            builder.tenant(envelope.caller().tenant());
        }
        try {
            return envelope.traceparent() == null
                    ? builder.build()
                    : builder.traceparent(envelope.traceparent()).build();
        } catch (InvalidChatRequestException e) {
            // A trace context is no reason to refuse a request.
            if (envelope.traceparent() == null) {
                throw e;
            }
            return request(new Envelope(envelope.id(), envelope.caller(), envelope.body(), envelope.deadline(), null));
        }
    }

    @Override
    public void close() {
        publishing.shutdownNow();
        answering.shutdown();
        // What was abandoned last is still to be cancelled.
        cancelling.shutdown();
        try {
            boolean unused = answering.awaitTermination(CLOSE_SECONDS / 2, TimeUnit.SECONDS);
            boolean unusedToo = cancelling.awaitTermination(CLOSE_SECONDS / 2, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
