package dev.sluice.testing;

import dev.sluice.ChatQueue;
import dev.sluice.ChatQueueBuilder;
import dev.sluice.ChatQueueException;
import dev.sluice.ChatReply;
import dev.sluice.ChatRequest;
import dev.sluice.ChatStream;
import dev.sluice.InvalidChatRequestException;
import dev.sluice.Receipt;
import dev.sluice.ReplyTimeoutException;
import dev.sluice.RequestRules;
import dev.sluice.wire.CancelMark;
import dev.sluice.wire.Reason;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A {@link ChatQueue} for the tests of services that use one. It records submitted requests and answers asks by a
 * function.
 *
 * <pre>{@code
 * InMemoryChatQueue queue = InMemoryChatQueue.answering(request -> "Hello!");
 * new Greeter(queue).greet("Ada");
 * assertThat(queue.requests()).hasSize(1);
 * }</pre>
 *
 * <p>Requests are checked as the real queue checks them. Asks are answered at once, on the caller's thread. After
 * {@link #holdReplies()} they wait: each {@link #release()} answers the oldest one, and {@link #timeOut()} lets it time
 * out. Neither a clock nor a thread is involved, so tests are deterministic. The class is thread-safe.
 */
public final class InMemoryChatQueue implements ChatQueue {
    private static final Duration DEFAULT_DEADLINE = Duration.ofMinutes(5);
    /** The characters in a piece of a stream, few enough for most answers to have several. */
    private static final int STREAMED_TEXT = 8;

    /**
     * A request and its place in the queue.
     *
     * @param receipt counts offsets from 0 in partition 0, through both topics; the id is {@code id-} and the offset
     *     unless the request has one
     */
    public record Submitted(Receipt receipt, ChatRequest request) {}

    /** An ask that waits for its release. */
    private record WaitingAsk(Submitted submitted, Duration deadline, CompletableFuture<ChatReply> future) {}

    private final Function<Submitted, ChatReply> answers;
    private final List<Submitted> submitted = new ArrayList<>();
    private final Deque<WaitingAsk> waitingAsks = new ArrayDeque<>();
    private final List<CancelMark> cancelled = new ArrayList<>();
    private boolean holding;
    private boolean closed;
    private @Nullable ChatQueueException failure;

    private InMemoryChatQueue(Function<Submitted, ChatReply> answers) {
        this.answers = answers;
    }

    /**
     * Makes a queue that answers each ask with this text, as an ok reply. An exception of the function fails the ask.
     */
    public static InMemoryChatQueue answering(Function<ChatRequest, String> answer) {
        return replying(submitted -> ChatReplies.ok(submitted, answer.apply(submitted.request())));
    }

    /**
     * Makes a queue that answers each ask with this reply, see {@link ChatReplies}. An exception of the function fails
     * the ask.
     */
    public static InMemoryChatQueue replying(Function<Submitted, ChatReply> answers) {
        return new InMemoryChatQueue(answers);
    }

    /** Makes later asks wait for {@link #release()}. */
    public synchronized InMemoryChatQueue holdReplies() {
        holding = true;
        return this;
    }

    /** Makes every later submit and ask fail with this exception, as if no broker was reached. Null ends that. */
    public synchronized InMemoryChatQueue failWith(@Nullable ChatQueueException failure) {
        this.failure = failure;
        return this;
    }

    /** Returns the accepted requests of all submits and asks, the oldest first. */
    public synchronized List<Submitted> submitted() {
        return List.copyOf(submitted);
    }

    /** Returns the requests of {@link #submitted()}. */
    public List<ChatRequest> requests() {
        return submitted().stream().map(Submitted::request).toList();
    }

    /** Returns what was cancelled by {@link #cancel} and {@link #cancelGroup}, the oldest first. */
    public synchronized List<CancelMark> cancelled() {
        return List.copyOf(cancelled);
    }

    /** Returns how many asks wait for their release. */
    public synchronized int waiting() {
        return waitingAsks.size();
    }

    /**
     * Answers the oldest waiting ask on this thread.
     *
     * @throws IllegalStateException if no ask waits
     */
    public void release() {
        WaitingAsk next = oldest();
        answer(next.submitted(), next.future());
    }

    /** Answers every ask that waits now, the oldest first. */
    public void releaseAll() {
        for (int i = waiting(); i > 0; i--) {
            release();
        }
    }

    /**
     * Lets the oldest waiting ask time out, on this thread.
     *
     * @throws IllegalStateException if no ask waits
     */
    public void timeOut() {
        WaitingAsk next = oldest();
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
            Instant unused = RequestRules.expiry(request, deadline, Instant.now());
            Submitted accepted = accept(request);
            if (!hold(accepted, deadline, future)) {
                answer(accepted, future);
            }
        } catch (InvalidChatRequestException | ChatQueueException e) {
            future.completeExceptionally(e);
        }
        return future;
    }

    @Override
    public ChatStream stream(ChatRequest request) {
        return stream(request, DEFAULT_DEADLINE);
    }

    /**
     * Makes a stream of the answer, in pieces of a few characters. A subscription is an ask, and waits as one. To
     * cancel it is {@linkplain #cancelled() noted} as a mark of the request's id.
     */
    @Override
    public ChatStream stream(ChatRequest request, Duration deadline) {
        Objects.requireNonNull(request, "request");
        Objects.requireNonNull(deadline, "deadline");
        return new ChatStream(pieces -> askStreamed(request.streamed(), deadline), STREAMED_TEXT);
    }

    private CompletableFuture<ChatReply> askStreamed(ChatRequest request, Duration deadline) {
        CompletableFuture<ChatReply> future = ask(request, deadline);
        CompletableFuture<ChatReply> unused = future.whenComplete((reply, failure) -> {
            if (future.isCancelled()) {
                leave(future);
            }
        });
        return future;
    }

    private synchronized void leave(CompletableFuture<ChatReply> future) {
        waitingAsks.removeIf(ask -> {
            boolean isLeft = ask.future() == future;
            if (isLeft) {
                cancelled.add(CancelMark.ofId(ask.submitted().receipt().id()));
            }
            return isLeft;
        });
    }

    /** Ends the waiting asks with this id with a failed reply, whose reason is {@code cancelled}. */
    @Override
    public CompletableFuture<Void> cancel(String id) {
        return cancel(
                WireHeaders.ID,
                id,
                CancelMark.ofId(id),
                ask -> ask.receipt().id().equals(id));
    }

    /** Ends the waiting asks of this group with a failed reply, whose reason is {@code cancelled}. */
    @Override
    public CompletableFuture<Void> cancelGroup(String group) {
        return cancel(
                WireHeaders.GROUP,
                group,
                CancelMark.ofGroup(group),
                ask -> ask.request().group().equals(Optional.of(group)));
    }

    private CompletableFuture<Void> cancel(String header, String name, CancelMark mark, Predicate<Submitted> which) {
        List<WaitingAsk> ended;
        try {
            RequestRules.requireName(header, name);
            ended = mark(mark, which);
        } catch (InvalidChatRequestException | ChatQueueException e) {
            return CompletableFuture.failedFuture(e);
        }
        ended.forEach(ask -> ask.future()
                .complete(ChatReplies.failed(ask.submitted(), Reason.CANCELLED, 0, "the request was cancelled")));
        return CompletableFuture.completedFuture(null);
    }

    private synchronized List<WaitingAsk> mark(CancelMark mark, Predicate<Submitted> which) {
        requireOpen();
        cancelled.add(mark);
        List<WaitingAsk> named =
                waitingAsks.stream().filter(ask -> which.test(ask.submitted())).toList();
        waitingAsks.removeAll(named);
        return named;
    }

    /** Fails the waiting asks. Submitted requests can still be inspected. */
    @Override
    public void close() {
        List<WaitingAsk> left;
        synchronized (this) {
            closed = true;
            left = List.copyOf(waitingAsks);
            waitingAsks.clear();
        }
        left.forEach(ask -> ask.future()
                .completeExceptionally(new ChatQueueException("the queue was closed before the reply to "
                        + ask.submitted().receipt().id() + " came")));
    }

    private synchronized void requireOpen() {
        if (closed) {
            throw new ChatQueueException("the queue is closed");
        }
        if (failure != null) {
            throw failure;
        }
    }

    private synchronized Submitted accept(ChatRequest request) {
        requireOpen();
        RequestRules.requireSize(request, ChatQueueBuilder.DEFAULT_MAX_BODY_BYTES);
        int offset = submitted.size();
        String id = request.id().orElse("id-" + offset);
        String topic = request.priority().topic(new Topics("chat"));
        Receipt receipt = new Receipt(id, topic, 0, offset, Instant.EPOCH.plusMillis(offset));
        Submitted accepted = new Submitted(receipt, request);
        submitted.add(accepted);
        return accepted;
    }

    /** Returns true if the ask waits. Throws if the queue was closed after the request was accepted. */
    private synchronized boolean hold(Submitted accepted, Duration deadline, CompletableFuture<ChatReply> future) {
        if (closed) {
            throw new ChatQueueException("the queue is closed");
        }
        return holding && waitingAsks.add(new WaitingAsk(accepted, deadline, future));
    }

    private synchronized WaitingAsk oldest() {
        WaitingAsk next = waitingAsks.poll();
        if (next == null) {
            throw new IllegalStateException("no ask waits; call holdReplies() before it is asked");
        }
        return next;
    }

    /** Applies the user's function outside the lock, because the function may use the queue. */
    private void answer(Submitted asked, CompletableFuture<ChatReply> future) {
        try {
            future.complete(answers.apply(asked));
        } catch (RuntimeException e) {
            future.completeExceptionally(e);
        }
    }
}
