package dev.sluice;

import dev.sluice.stream.StreamMerge;
import dev.sluice.wire.StreamPiece;
import dev.sluice.wire.WireHeaders;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Iterator;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Delivers one stream to its subscriber. Pieces, the reply, demand and cancellation come from any thread. Whoever comes
 * first works for all, so that the subscriber is called by one thread at a time.
 *
 * <p>What a subscriber does not ask for is not kept beyond {@value #MAX_QUEUED_BYTES} bytes. It is dropped then, and
 * comes from the reply.
 */
final class StreamSubscription implements Flow.Subscription {
    private static final Logger LOG = LoggerFactory.getLogger(StreamSubscription.class);

    /** The bytes of pieces that wait for demand. A single piece may have more. */
    static final int MAX_QUEUED_BYTES = 64 * 1024;

    /** The end of the wait for the reply. One of the two is null. */
    private record Ending(
            @Nullable ChatReply reply, @Nullable Throwable failure) {}

    private final Flow.Subscriber<? super ChatPiece> subscriber;
    private final CompletableFuture<ChatReply> reply;
    private final StreamMerge merge;
    private final Queue<StreamPiece> pieces = new ConcurrentLinkedQueue<>();
    private final AtomicInteger queuedBytes = new AtomicInteger();
    private final AtomicLong demand = new AtomicLong();
    private final AtomicInteger work = new AtomicInteger();
    private volatile @Nullable CompletableFuture<ChatReply> asked;
    private volatile @Nullable Ending ending;
    private volatile @Nullable IllegalArgumentException misuse;
    private volatile boolean isOver;

    // These belong to whoever works.
    private Iterator<ObjectNode> chunks = Collections.emptyIterator();
    private boolean isTail;

    /** @param reply completes with the reply, before what is missing of it is delivered */
    StreamSubscription(Flow.Subscriber<? super ChatPiece> subscriber, CompletableFuture<ChatReply> reply, int maxText) {
        this.subscriber = subscriber;
        this.reply = reply;
        this.merge = new StreamMerge(maxText);
    }

    /** Publishes the request, unless the subscriber has cancelled already. */
    void start(ChatStream.Start start) {
        if (isOver) {
            boolean unused = reply.cancel(false);
            return;
        }
        CompletableFuture<ChatReply> sent;
        try {
            sent = start.begin(this::offer);
        } catch (RuntimeException e) { // of another implementation of a queue
            sent = CompletableFuture.failedFuture(e);
        }
        asked = sent;
        if (isOver) {
            boolean unused = sent.cancel(false);
        }
        CompletableFuture<ChatReply> unused = sent.whenComplete(this::ended);
    }

    private void offer(StreamPiece piece) {
        int size = piece.value().length;
        if (isOver || ending != null || queuedBytes.get() > MAX_QUEUED_BYTES) {
            return;
        }
        queuedBytes.addAndGet(size);
        pieces.add(piece);
        drain();
    }

    private void ended(@Nullable ChatReply answer, @Nullable Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (answer == null) {
            reply.completeExceptionally(cause == null ? new IllegalStateException("no reply and no failure") : cause);
        } else {
            reply.complete(answer);
        }
        ending = new Ending(answer, cause);
        drain();
    }

    @Override
    public void request(long count) {
        if (count <= 0) {
            misuse = new IllegalArgumentException("the demand must be more than zero, is " + count);
        } else {
            demand.accumulateAndGet(count, (before, more) -> before + more < 0 ? Long.MAX_VALUE : before + more);
        }
        drain();
    }

    /** Ends the stream and cancels its request. It can block as {@link ChatQueue#submit} can. */
    @Override
    public void cancel() {
        isOver = true;
        drain();
        CompletableFuture<ChatReply> sent = asked;
        if (sent != null) {
            boolean unused = sent.cancel(false);
        }
    }

    private void drain() {
        if (work.getAndIncrement() != 0) {
            return;
        }
        int missed = 1;
        while (missed != 0) {
            try {
                while (!isOver && step()) {}
            } catch (RuntimeException | Error e) {
                LOG.atWarn().setCause(e).log("Subscriber of a stream failed, its request is cancelled");
                isOver = true;
                cancelRequest();
            }
            if (isOver) {
                pieces.clear();
                chunks = Collections.emptyIterator();
            }
            missed = work.addAndGet(-missed);
        }
    }

    /** Does one thing that can be done now. Returns false if there is none. */
    private boolean step() {
        IllegalArgumentException wrong = misuse;
        Ending end = ending;
        if (wrong != null) {
            fail(wrong);
            cancelRequest();
        } else if (chunks.hasNext()) {
            return demand.get() > 0 && deliver();
        } else if (isTail) {
            isOver = true;
            subscriber.onComplete();
        } else if (end != null) {
            end(end);
        } else {
            StreamPiece piece = pieces.poll();
            if (piece == null) {
                return false;
            }
            queuedBytes.addAndGet(-piece.value().length);
            take(merge.piece(piece));
        }
        return true;
    }

    private boolean deliver() {
        if (demand.get() != Long.MAX_VALUE) {
            demand.decrementAndGet();
        }
        subscriber.onNext(new ChatPiece(chunks.next()));
        return true;
    }

    private void end(Ending end) {
        pieces.clear();
        ChatReply answer = end.reply();
        if (answer == null) {
            fail(end.failure());
        } else if (!answer.ok()) {
            fail(new ChatFailedException(answer));
        } else {
            isTail = true;
            String call = answer.header(WireHeaders.CALL)
                    .map(id -> new String(id, StandardCharsets.UTF_8))
                    .orElse(null);
            take(merge.reply(call, answer.body()));
        }
    }

    private void take(StreamMerge.Next next) {
        if (next instanceof StreamMerge.Show show) {
            chunks = show.chunks();
        } else if (next instanceof StreamMerge.Contradiction contradiction) {
            fail(new ChatStreamException("the rest of the answer cannot be shown: " + contradiction.cause()
                    + ", and what was shown is not its beginning. Ask again"));
            cancelRequest();
        }
    }

    private void fail(@Nullable Throwable cause) {
        isOver = true;
        subscriber.onError(cause);
    }

    /** Cancels the request on a thread that may block. */
    private void cancelRequest() {
        CompletableFuture<ChatReply> sent = asked;
        if (sent != null && !sent.isDone()) {
            CancelThreads.POOL.execute(() -> {
                boolean unused = sent.cancel(false);
            });
        }
    }
}
