package dev.sluice.worker.call;

import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.util.concurrent.Flow;

/** A request's body that tells when it is asked for: there is a connection then, and the headers are on their way. */
final class SendNotifyingBody implements HttpRequest.BodyPublisher {
    private final HttpRequest.BodyPublisher bytes;
    private final Runnable left;

    SendNotifyingBody(byte[] body, Runnable left) {
        this.bytes = HttpRequest.BodyPublishers.ofByteArray(body);
        this.left = left;
    }

    @Override
    public long contentLength() {
        return bytes.contentLength();
    }

    @Override
    public void subscribe(Flow.Subscriber<? super ByteBuffer> client) {
        left.run();
        bytes.subscribe(client);
    }
}
