package dev.sluice.worker.call;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** Collects a response body up to a maximum size. A longer body fails and its connection is closed. */
final class BoundedBody implements BodySubscriber<byte[]> {
    private final int maxBytes;
    private final CompletableFuture<byte[]> body = new CompletableFuture<>();
    private final List<ByteBuffer> received = new ArrayList<>();
    private Flow.@Nullable Subscription subscription;
    private int size;

    BoundedBody(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** The failure of a body that exceeds the maximum. */
    static final class TooLargeException extends IOException {
        TooLargeException(int maxBytes) {
            super("the answer is larger than " + maxBytes + " bytes (--max-response-bytes)");
        }
    }

    @Override
    public CompletionStage<byte[]> getBody() {
        return body;
    }

    @Override
    public void onSubscribe(Flow.Subscription connection) {
        subscription = connection;
        connection.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        for (ByteBuffer buffer : buffers) {
            if (buffer.remaining() > maxBytes - size) {
                received.clear();
                if (subscription != null) {
                    subscription.cancel();
                }
                body.completeExceptionally(new TooLargeException(maxBytes));
                return;
            }
            size += buffer.remaining();
            received.add(buffer);
        }
    }

    @Override
    public void onError(Throwable failure) {
        body.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
        ByteBuffer whole = ByteBuffer.allocate(size);
        received.forEach(whole::put);
        body.complete(whole.array());
    }
}
