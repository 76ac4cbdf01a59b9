package dev.sluice;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Consumer;

/** Subscribes to a stream with an action, and tells by a future how the stream has ended. Thread-safe. */
final class PieceAction implements Flow.Subscriber<ChatPiece> {
    private final Consumer<? super ChatPiece> action;
    private final CompletableFuture<ChatReply> reply;
    private final CompletableFuture<ChatReply> done = new CompletableFuture<>();

    PieceAction(Consumer<? super ChatPiece> action, CompletableFuture<ChatReply> reply) {
        this.action = action;
        this.reply = reply;
    }

    CompletableFuture<ChatReply> done() {
        return done;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        CompletableFuture<ChatReply> unused = done.whenComplete((answer, failure) -> {
            if (done.isCancelled()) {
                subscription.cancel();
            }
        });
        subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(ChatPiece piece) {
        try {
            action.accept(piece);
        } catch (RuntimeException | Error e) {
            done.completeExceptionally(e);
            throw e; // the subscription cancels the request
        }
    }

    @Override
    public void onError(Throwable failure) {
        done.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
        CompletableFuture<ChatReply> unused = reply.whenComplete((answer, failure) -> done.complete(answer));
    }
}
