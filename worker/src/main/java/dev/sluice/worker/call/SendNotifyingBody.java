package dev.sluice.worker.call;

import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.util.concurrent.Flow;

/**
 * A request body that runs a callback when the client begins to read it. At that moment the connection exists and the
 * headers are on their way.
 */
final class SendNotifyingBody implements HttpRequest.BodyPublisher {
    private final HttpRequest.BodyPublisher bytes;
    private final Runnable onSend;

    SendNotifyingBody(byte[] body, Runnable onSend) {
        this.bytes = HttpRequest.BodyPublishers.ofByteArray(body);
        this.onSend = onSend;
    }

    @Override
    public long contentLength() {
        return bytes.contentLength();
    }

    @Override
    public void subscribe(Flow.Subscriber<? super ByteBuffer> client) {
        onSend.run();
        bytes.subscribe(client);
    }
}
