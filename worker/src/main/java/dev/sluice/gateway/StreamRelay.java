package dev.sluice.gateway;

import dev.sluice.ChatPiece;
import dev.sluice.ChatReply;
import dev.sluice.ChatStream;
import io.vertx.core.Context;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Brings the pieces of one stream to the request that waits for them. It makes their events on the thread that the
 * pieces come on, and hands them to the event loop, a bounded number at a time.
 *
 * <p>A client that is slow in taking its answer thereby slows the demand, and the rest of its answer waits in the one
 * place where it is anyway, in the reply.
 */
final class StreamRelay implements Flow.Subscriber<ChatPiece> {
    private static final Logger LOG = LoggerFactory.getLogger(StreamRelay.class);

    /** The pieces that may be on their way to the client at once. */
    private static final int WINDOW = 64;

    private static final int REFILL = WINDOW / 2;

    private final Context loop;
    private final WaitingRequest request;
    private final Executor demanding;
    private volatile CompletableFuture<ChatReply> reply = new CompletableFuture<>();
    private boolean includesUsage;
    private volatile Flow.@Nullable Subscription subscription;
    private volatile boolean isOver;
    private @Nullable ObjectNode last;
    /** Belongs to the event loop. */
    private int taken;

    /** @param demanding runs what may make pieces, which is too much for the event loop */
    StreamRelay(Context loop, WaitingRequest request, Executor demanding) {
        this.loop = loop;
        this.request = request;
        this.demanding = demanding;
    }

    /** Publishes the request of this stream, and relays its pieces from then on. */
    void begin(ChatStream begun, boolean wantsUsage) {
        reply = begun.reply();
        includesUsage = wantsUsage;
        CompletableFuture<Void> unused = reply.thenAccept(this::replyIsThere);
        begun.subscribe(this);
    }

    /** Returns the reply. It fails as an ask does, and if the stream was cancelled. */
    CompletableFuture<ChatReply> reply() {
        return reply;
    }

    /** Returns true if no piece is to come any more. */
    boolean isOver() {
        return isOver;
    }

    /** Ends the stream, and cancels the request if it is still in the queue. It can block. */
    void cancel() {
        Flow.Subscription known = subscription;
        if (known != null) {
            known.cancel();
        }
    }

    private void replyIsThere(ChatReply answer) {
        int bytes = answer.body().length;
        loop.runOnContext(now -> request.replyIsThere(bytes));
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        subscription = given;
        given.request(WINDOW);
    }

    @Override
    public void onNext(ChatPiece piece) {
        try {
            ObjectNode chunk = StreamEvents.chunk(piece.json());
            byte[] event = StreamEvents.event(chunk, includesUsage);
            last = chunk;
            Map<String, String> headers = headers();
            loop.runOnContext(
                    now -> request.show(new StreamedChunk(chunk, event, headers, includesUsage), this::taken));
        } catch (RuntimeException e) {
            LOG.atError().addKeyValue("id", request.id()).setCause(e).log("Piece of a stream could not be relayed");
            loop.runOnContext(now -> request.complete(ReplyAnswers.of(e)));
            throw e; // ends the stream, and cancels the request
        }
    }

    /** The headers of an answer say what the reply knows, if it is there before the first piece. */
    private Map<String, String> headers() {
        return reply.isDone() && !reply.isCompletedExceptionally() ? ReplyAnswers.timing(reply.join()) : Map.of();
    }

    /** Asks for more once the client has taken some. */
    private void taken() {
        Flow.Subscription known = subscription;
        if (++taken == REFILL && known != null) {
            taken = 0;
            demanding.execute(() -> known.request(REFILL));
        }
    }

    @Override
    public void onError(Throwable failure) {
        isOver = true;
        HttpAnswer answer = ReplyAnswers.of(failure);
        loop.runOnContext(now -> request.complete(answer));
    }

    @Override
    public void onComplete() {
        isOver = true;
        ChatReply answer = reply.join();
        ObjectNode any = last;
        if (any == null) { // the API has answered with something else than a completion
            HttpAnswer whole = ReplyAnswers.of(answer);
            loop.runOnContext(now -> request.complete(whole));
        } else {
            byte[] events = StreamEvents.end(any, answer.body(), includesUsage);
            loop.runOnContext(now -> request.end(events));
        }
    }
}
