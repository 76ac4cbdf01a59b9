package dev.sluice.gateway;

import dev.sluice.ChatQueue;
import dev.sluice.ChatReply;
import dev.sluice.ChatRequest;
import dev.sluice.InvalidChatRequestException;
import dev.sluice.JsonRequestBuilder;
import dev.sluice.Priority;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Publishes requests on threads of its own, since that blocks while Kafka is slow, and makes the answers of their
 * replies. Thread-safe.
 */
final class ChatPublisher implements AutoCloseable {
    private static final int THREADS = 8;
    private static final long CLOSE_SECONDS = 10;

    private final ChatQueue queue;
    private final ExecutorService publishing = threads(THREADS, "sluice-gateway-publish");
    /** Apart from the threads that may all be blocked. */
    private final ExecutorService answering = threads(1, "sluice-gateway-answer");

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
     * @param reply the reply; to cancel it ends the wait
     * @param answer the answer that is made of the reply or of its failure; it never fails
     */
    record Published(boolean isStream, CompletableFuture<ChatReply> reply, CompletableFuture<HttpAnswer> answer) {}

    /** Publishes a request. The future fails with {@link InvalidChatRequestException} if the queue does not take it. */
    CompletableFuture<Published> publish(Envelope envelope) {
        return CompletableFuture.supplyAsync(() -> publishNow(envelope), publishing);
    }

    private Published publishNow(Envelope envelope) {
        JsonEncoding.check(envelope.body());
        ChatBody body = ChatBody.of(envelope.body());
        CompletableFuture<ChatReply> reply = queue.ask(request(envelope, body), envelope.deadline());
        boolean isStream = body.isStream();
        boolean includesUsage = body.includesUsage(); // without the body, which must not stay while the request waits
        CompletableFuture<HttpAnswer> answer = reply.handleAsync(
                (ending, failure) ->
                        failure == null ? ReplyAnswers.of(ending, isStream, includesUsage) : ReplyAnswers.of(failure),
                answering);
        return new Published(isStream, reply, answer.exceptionally(ReplyAnswers::of));
    }

    private static ChatRequest request(Envelope envelope, ChatBody body) {
        JsonRequestBuilder builder = ChatRequest.jsonBuilder(body.json())
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
            return request(
                    new Envelope(envelope.id(), envelope.caller(), envelope.body(), envelope.deadline(), null), body);
        }
    }

    @Override
    public void close() {
        publishing.shutdownNow();
        answering.shutdown();
        try {
            boolean unused = answering.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
