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
    private final boolean isSuccess;
    private final CompletableFuture<byte[]> body = new CompletableFuture<>();
    private final List<ByteBuffer> received = new ArrayList<>();
    private Flow.@Nullable Subscription subscription;
    private int size;

    /** @param isSuccess true if the status says that this is an answer to the request */
    BoundedBody(int maxBytes, boolean isSuccess) {
        this.isSuccess = isSuccess;
        this.maxBytes = maxBytes;
    }

    /** The failure of a body that exceeds the maximum. */
    static final class TooLargeException extends IOException {
        private final boolean json;

        TooLargeException(int maxBytes, boolean json) {
            super("the answer is larger than " + maxBytes + " bytes (--max-response-bytes)");
            this.json = json;
        }

        /** Returns true if the body begins as a JSON object, so that the API made it and no edge did. */
        boolean isJson() {
            return json;
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
                boolean json = isSuccess && beginsAsJson(received.isEmpty() ? buffer : received.get(0));
                received.clear();
                if (subscription != null) {
                    subscription.cancel();
                }
                body.completeExceptionally(new TooLargeException(maxBytes, json));
                return;
            }
            size += buffer.remaining();
            received.add(buffer);
        }
    }

    private static boolean beginsAsJson(ByteBuffer first) {
        for (int i = first.position(); i < first.limit(); i++) {
            byte next = first.get(i);
            if (next == '{') {
                return true;
            }
            if (next != ' ' && next != '\n' && next != '\r' && next != '\t') {
                return false;
            }
        }
        return false;
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
