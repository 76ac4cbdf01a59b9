package dev.sluice.gateway;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads the body of one request, up to a bound. A body that is too large is read on to its end, or for as long as the
 * bound again, before the answer says so: a client that is cut off while it sends does not read why. It belongs to the
 * event loop.
 */
final class BodyReader {
    private final ClientExchange exchange;
    private final int maxBytes;
    private final Consumer<byte[]> whole;
    private final UploadBudget budget;
    private Buffer body = Buffer.buffer();
    private long read;
    private long timer;
    private boolean isDone;

    private BodyReader(ClientExchange exchange, int maxBytes, UploadBudget budget, Consumer<byte[]> whole) {
        this.exchange = exchange;
        this.maxBytes = maxBytes;
        this.budget = budget;
        this.whole = whole;
    }

    /**
     * Reads the body of an exchange. One that cannot be read is answered here.
     *
     * @param withinMillis the time in which it must have come
     * @param budget where the bytes are taken from
     * @param whole takes the body when it has been read, and gives its bytes back to the budget
     */
    static void read(
            ClientExchange exchange, int maxBytes, long withinMillis, UploadBudget budget, Consumer<byte[]> whole) {
        BodyReader reader = new BodyReader(exchange, maxBytes, budget, whole);
        HttpServerRequest request = exchange.request();
        request.handler(reader::add);
        request.endHandler(end -> reader.end());
        exchange.whenGone(reader::drop);
        reader.timer = exchange.after(withinMillis, reader::late);
        reader.expect(request);
    }

    /** Tells a client that waits for leave to send its body whether it may. */
    private void expect(HttpServerRequest request) {
        if ("100-continue".equalsIgnoreCase(request.getHeader(HttpHeaders.EXPECT))) {
            if (length(request) > maxBytes) {
                refuse(length(request));
            } else {
                var unused = request.response().writeContinue();
            }
        }
    }

    private static long length(HttpServerRequest request) {
        @Nullable String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        return length != null && length.matches("[0-9]{1,18}") ? Long.parseLong(length) : 0;
    }

    private void add(Buffer chunk) {
        if (isDone) {
            return;
        }
        read += chunk.length();
        if (read <= maxBytes) {
            keep(chunk);
        } else if (read > 2L * maxBytes) {
            refuse(length(exchange.request()));
        }
    }

    private void keep(Buffer chunk) {
        if (budget.take(chunk.length())) {
            body.appendBuffer(chunk);
        } else {
            answer(ErrorBody.busy(503, "too_many_uploads", "this gateway reads as much as it can; try again", 1));
        }
    }

    private void end() {
        if (isDone || exchange.isEnded()) {
            return;
        }
        if (read > maxBytes) {
            refuse(read);
            return;
        }
        isDone = true;
        exchange.cancel(timer);
        exchange.whenGone(() -> {});
        byte[] bytes = body.getBytes();
        body = Buffer.buffer(); // the request keeps this reader for as long as it waits
        whole.accept(bytes);
    }

    private void drop() {
        isDone = true;
        budget.release(body.length());
        body = Buffer.buffer();
    }

    private void late() {
        if (!isDone) {
            answer(ErrorBody.invalid(408, "body_timeout", null, "the body did not come in time"));
        }
    }

    private void answer(HttpAnswer error) {
        drop();
        exchange.closeAfterAnswer();
        exchange.send(error);
    }

    private void refuse(long size) {
        String found = size > maxBytes ? "the body has " + size + " bytes" : "the body is larger";
        answer(ErrorBody.invalid(
                413, "too_large", null, found + "; this gateway takes " + maxBytes + " bytes at most"));
    }
}
