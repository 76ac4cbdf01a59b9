package dev.sluice;

import dev.sluice.stream.StreamMerge;
import dev.sluice.wire.StreamPiece;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * A streamed answer: the pieces of one request's answer as they are made, and its reply.
 *
 * <p><b>It is cold.</b> The request is published when somebody subscribes, and blocks then as
 * {@link ChatQueue#ask(ChatRequest)} does. There is one subscriber. A second one gets an error.
 *
 * <p><b>Pieces are advice, the reply is the truth.</b> The pieces come from the worker that calls the API, before the
 * reply is committed. Those that get lost on the way come from the reply, so a stream that completes is whole. Where
 * the reply turns out to be from another call than the text that was shown, the stream fails with
 * {@link ChatStreamException}. It never goes on with another text. The finish reasons come after the reply was
 * committed. Where no pieces come, for instance because a worker has the answer in its cache or the topic
 * {@code chat.streams} is missing, all pieces are made from the reply.
 *
 * <p><b>Demand.</b> A subscriber gets no more pieces than it asks for. Some 64 KiB wait for a slow one. What goes
 * beyond that is dropped, and comes from the reply.
 *
 * <p><b>Errors.</b> A failed reply ends the stream with {@link ChatFailedException}, even after pieces were shown. The
 * others are those of {@code ask}. To cancel the subscription cancels the request, too, and aborts its call. So does a
 * deadline that passes, and an exception that the subscriber throws.
 *
 * <p><b>Thread-safety.</b> The subscriber is called by one thread at a time, which is one of the SDK's or the one that
 * asks for more. It must not block: other streams and asks wait for it.
 */
public final class ChatStream implements Flow.Publisher<ChatPiece> {
    private final Start start;
    private final int maxText;
    private final AtomicBoolean isSubscribed = new AtomicBoolean();
    private final CompletableFuture<ChatReply> reply = new CompletableFuture<>();

    /** Publishes a request whose answer is to be streamed. */
    @FunctionalInterface
    public interface Start {
        /**
         * Publishes the request.
         *
         * @param pieces takes the pieces that come, by any thread
         * @return the future of the reply. Its cancellation cancels the request.
         */
        CompletableFuture<ChatReply> begin(Consumer<StreamPiece> pieces);
    }

    /**
     * Makes a stream. This is public for other implementations of a queue, such as the one in
     * {@code dev.sluice.testing}.
     *
     * @param maxText the longest text in a piece that is made from the reply, in characters, at least 2
     */
    public ChatStream(Start start, int maxText) {
        this.start = start;
        this.maxText = maxText;
    }

    static ChatStream of(Start start) {
        return new ChatStream(start, StreamMerge.MAX_TEXT);
    }

    @Override
    public void subscribe(Flow.Subscriber<? super ChatPiece> subscriber) {
        Objects.requireNonNull(subscriber, "subscriber");
        if (isSubscribed.getAndSet(true)) {
            subscriber.onSubscribe(new NoSubscription());
            subscriber.onError(new IllegalStateException("a stream has one subscriber; make another stream"));
            return;
        }
        StreamSubscription subscription = new StreamSubscription(subscriber, reply, maxText);
        subscriber.onSubscribe(subscription);
        subscription.start(start);
    }

    /**
     * Subscribes with an action for each piece, for example
     * {@code queue.stream(request).forEach(piece -> System.out.print(piece.text())).join()}.
     *
     * @param action must not block; if it throws, the request is cancelled
     * @return a future that completes with the reply after the last piece, and fails as the stream does. To cancel it
     *     cancels the request.
     */
    public CompletableFuture<ChatReply> forEach(Consumer<? super ChatPiece> action) {
        Objects.requireNonNull(action, "action");
        PieceAction subscriber = new PieceAction(action, reply);
        subscribe(subscriber);
        return subscriber.done();
    }

    /**
     * Returns the future of the whole reply, which has the usage. It completes before the last pieces are delivered,
     * and also with a failed reply. It does not complete before somebody has subscribed. To cancel it changes nothing.
     */
    public CompletableFuture<ChatReply> reply() {
        return reply.copy();
    }

    /** The subscription of those who get an error and no more. */
    private static final class NoSubscription implements Flow.Subscription {
        @Override
        public void request(long count) {}

        @Override
        public void cancel() {}
    }
}
