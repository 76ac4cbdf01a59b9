package dev.sluice.testing;

import dev.sluice.ChatQueue;
import dev.sluice.ChatQueueBuilder;
import dev.sluice.ChatQueueException;
import dev.sluice.ChatReply;
import dev.sluice.ChatRequest;
import dev.sluice.InvalidChatRequestException;
import dev.sluice.Receipt;
import dev.sluice.ReplyTimeoutException;
import dev.sluice.RequestRules;
import dev.sluice.wire.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A {@link ChatQueue} for the tests of services that use one: remembers what was submitted and answers by a function.
 *
 * <pre>{@code
 * InMemoryChatQueue queue = InMemoryChatQueue.answering(request -> "Hello!");
 * new Greeter(queue).greet("Ada");
 * assertThat(queue.requests()).hasSize(1);
 * }</pre>
 *
 * <p>Requests are checked as the real one checks them. Answers come at once, on the caller's thread, unless {@link
 * #holdReplies()} was called: then each {@link #release()} lets the oldest one through, and {@link #timeOut()} lets the
 * oldest ask time out. No clock and no thread is involved, so a test that passes passes always. Thread-safe.
 */
public final class InMemoryChatQueue implements ChatQueue {
    private static final Duration DEFAULT_DEADLINE = Duration.ofMinutes(5);

    /**
     * A request and where it was put.
     *
     * @param receipt offsets count from 0, the partition is always 0; the id is {@code id-} and the offset unless given
     */
    public record Submitted(Receipt receipt, ChatRequest request) {}

    /** An ask that waits for its release. */
    private record Held(Submitted submitted, Duration deadline, CompletableFuture<ChatReply> future) {}

    private final Function<Submitted, ChatReply> answers;
    private final List<Submitted> submitted = new ArrayList<>();
    private final Deque<Held> held = new ArrayDeque<>();
    private boolean holding;
    private boolean closed;
    private @Nullable ChatQueueException failure;

    private InMemoryChatQueue(Function<Submitted, ChatReply> answers) {
        this.answers = answers;
    }

    /** Answers each ask with this text, as an ok reply. An exception of the function fails the ask. */
    public static InMemoryChatQueue answering(Function<ChatRequest, String> answer) {
        return replying(submitted -> SampleReplyRecords.ok(submitted, answer.apply(submitted.request())));
    }

    /** Answers each ask with this reply; see {@link SampleReplyRecords}. An exception of the function fails the ask. */
    public static InMemoryChatQueue replying(Function<Submitted, ChatReply> answers) {
        return new InMemoryChatQueue(answers);
    }

    /** From now on asks wait for {@link #release()}. */
    public synchronized InMemoryChatQueue holdReplies() {
        holding = true;
        return this;
    }

    /** From now on every submit and ask fails with this, as it does where no broker is reached; null ends that. */
    public synchronized InMemoryChatQueue failWith(@Nullable ChatQueueException failure) {
        this.failure = failure;
        return this;
    }

    /** What was submitted or asked and not refused, the oldest first. */
    public synchronized List<Submitted> submitted() {
        return List.copyOf(submitted);
    }

    /** The requests of {@link #submitted()}. */
    public List<ChatRequest> requests() {
        return submitted().stream().map(Submitted::request).toList();
    }

    /** How many asks wait for their release. */
    public synchronized int waiting() {
        return held.size();
    }

    /**
     * Answers the oldest ask that waits, on this thread.
     *
     * @throws IllegalStateException if none waits
     */
    public void release() {
        Held next = oldest();
        answer(next.submitted(), next.future());
    }

    /** Answers every ask that waits now, the oldest first. */
    public void releaseAll() {
        for (int i = waiting(); i > 0; i--) {
            release();
        }
    }

    /**
     * Lets the oldest ask that waits time out, on this thread.
     *
     * @throws IllegalStateException if none waits
     */
    public void timeOut() {
        Held next = oldest();
        next.future()
                .completeExceptionally(
                        new ReplyTimeoutException(next.submitted().receipt().id(), next.deadline()));
    }

    @Override
    public CompletableFuture<Receipt> submit(ChatRequest request) {
        try {
            return CompletableFuture.completedFuture(accept(request).receipt());
        } catch (InvalidChatRequestException | ChatQueueException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    @Override
    public CompletableFuture<ChatReply> ask(ChatRequest request) {
        return ask(request, DEFAULT_DEADLINE);
    }

    @Override
    public CompletableFuture<ChatReply> ask(ChatRequest request, Duration deadline) {
        Objects.requireNonNull(deadline, "deadline");
        CompletableFuture<ChatReply> future = new CompletableFuture<>();
        try {
            Instant unused = RequestRules.expiry(request, deadline, Instant.EPOCH);
            Submitted accepted = accept(request);
            if (!hold(accepted, deadline, future)) {
                answer(accepted, future);
            }
        } catch (InvalidChatRequestException | ChatQueueException e) {
            future.completeExceptionally(e);
        }
        return future;
    }

    /** Fails the asks that wait; what was submitted can still be looked at. */
    @Override
    public void close() {
        List<Held> left;
        synchronized (this) {
            closed = true;
            left = List.copyOf(held);
            held.clear();
        }
        left.forEach(ask -> ask.future()
                .completeExceptionally(new ChatQueueException("the queue was closed before the reply to "
                        + ask.submitted().receipt().id() + " came")));
    }

    private synchronized Submitted accept(ChatRequest request) {
        if (closed) {
            throw new ChatQueueException("the queue is closed");
        }
        RequestRules.requireSize(request, ChatQueueBuilder.DEFAULT_MAX_BODY_BYTES);
        if (failure != null) {
            throw failure;
        }
        int offset = submitted.size();
        String id = request.id().orElse("id-" + offset);
        Receipt receipt = new Receipt(id, new Topics("chat").requests(), 0, offset, Instant.EPOCH.plusMillis(offset));
        Submitted accepted = new Submitted(receipt, request);
        submitted.add(accepted);
        return accepted;
    }

    /** Whether the ask waits; one that a close has overtaken has failed. */
    private synchronized boolean hold(Submitted accepted, Duration deadline, CompletableFuture<ChatReply> future) {
        if (closed) {
            throw new ChatQueueException("the queue is closed");
        }
        return holding && held.add(new Held(accepted, deadline, future));
    }

    private synchronized Held oldest() {
        Held next = held.poll();
        if (next == null) {
            throw new IllegalStateException("no ask waits; call holdReplies() before it is asked");
        }
        return next;
    }

    /** The user's function runs outside the lock: it may use the queue. */
    private void answer(Submitted asked, CompletableFuture<ChatReply> future) {
        try {
            future.complete(answers.apply(asked));
        } catch (RuntimeException e) {
            future.completeExceptionally(e);
        }
    }
}
