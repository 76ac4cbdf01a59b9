package dev.sluice.gateway;

import io.netty.channel.ChannelOption;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.impl.VertxConnection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * One request of a client and the answer to it. The answer is sent whole, or its head is sent early and bytes that mean
 * nothing keep the connection until the rest is there. It belongs to the event loop.
 */
final class ClientExchange {
    /** A listener of the end of an exchange. */
    @FunctionalInterface
    interface EndListener {
        /**
         * Called once for each exchange.
         *
         * @param status the status that the client got or would have got
         * @param outcome one word for what became of it
         */
        void ended(ClientExchange exchange, int status, String outcome);
    }

    /** The status in logs of a client that has gone, as nginx has it. */
    static final int CLIENT_CLOSED = 499;

    /** The time for which a refused client may go on to send its body. */
    private static final long LINGER_MILLIS = 10_000;

    private final Vertx vertx;
    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final Set<Long> timers = new HashSet<>();
    private String id;
    private final long begunNanos;
    private final OpenAnswers openAnswers;
    private final EndListener listener;
    private Runnable whenGone = () -> {};
    private boolean isCommitted;
    private boolean isEnded;
    private boolean closesAfterAnswer;
    private long closeTimer = -1;

    ClientExchange(Vertx vertx, HttpServerRequest request, String id, OpenAnswers openAnswers, EndListener listener) {
        this.vertx = vertx;
        this.request = request;
        this.response = request.response();
        this.id = id;
        this.openAnswers = openAnswers;
        this.listener = listener;
        this.begunNanos = System.nanoTime();
        // It also runs after a normal end, and at once when the connection is lost, in which case nothing has ended.
        response.closeHandler(closed -> gone());
        response.exceptionHandler(failure -> gone());
    }

    HttpServerRequest request() {
        return request;
    }

    String id() {
        return id;
    }

    long tookNanos() {
        return System.nanoTime() - begunNanos;
    }

    boolean isCommitted() {
        return isCommitted;
    }

    /** Returns true if nothing more can be sent. */
    boolean isEnded() {
        return isEnded;
    }

    /** Runs this instead of what was set before, when the client goes before it has got its answer. */
    void whenGone(Runnable action) {
        whenGone = action;
    }

    private void gone() {
        vertx.cancelTimer(closeTimer);
        if (!isEnded) {
            Runnable action = whenGone;
            end();
            action.run();
            listener.ended(this, CLIENT_CLOSED, "client_closed");
        }
    }

    /** Lets go of everything that waits for this exchange, so that nothing keeps a request or its reply in memory. */
    private void end() {
        isEnded = true;
        whenGone = () -> {};
        timers.forEach(vertx::cancelTimer);
        timers.clear();
    }

    /** Sends the head of a successful answer. From now on no failure can have a status of its own. */
    void commit(boolean isStream) {
        commit(isStream ? HttpAnswer.EVENTS : HttpAnswer.JSON, Map.of());
        keepAlive(isStream);
    }

    /** Makes the head of a stream, which is sent with the first bytes that are written. */
    void commitStream(Map<String, String> headers) {
        commit(HttpAnswer.EVENTS, headers);
    }

    private void commit(String contentType, Map<String, String> headers) {
        isCommitted = true;
        response.setChunked(true).setStatusCode(200);
        if (request.version() == HttpVersion.HTTP_1_0) {
            closeAfterAnswer(); // nothing else ends an answer of unknown length there
        }
        head(contentType);
        response.putHeader("x-accel-buffering", "no"); // nginx keeps back what is less than a buffer
        headers.forEach(response::putHeader);
    }

    /**
     * Sends a part of a stream whose head was made.
     *
     * @param taken runs once the client has taken the part, or never will
     */
    void write(byte[] part, Runnable taken) {
        OpenAnswers.Entry entry = hold(part.length);
        var unused = response.write(Buffer.buffer(part)).onComplete(written -> {
            entry.end();
            taken.run();
        });
    }

    /** Counts bytes that are kept for this client. It is cut off if they are too many, or are kept for too long. */
    OpenAnswers.Entry hold(int bytes) {
        return openAnswers.begin(bytes, this::cut);
    }

    /** Sends the last part of a stream. */
    void sendLast(byte[] part) {
        if (!isEnded) {
            end();
            write(Buffer.buffer(part));
            listener.ended(this, 200, "ok");
        }
    }

    /**
     * Sends a byte or two that every client passes over: white space before JSON, a comment in a stream. A client that
     * does not take what it has been sent already gets none.
     */
    void keepAlive(boolean isStream) {
        if (response.writeQueueFull()) {
            return;
        }
        var unused = response.write(isStream ? ": ping\n" : "\n");
    }

    /** Sends the head of an answer whose body follows in pieces, and is so many bytes long. */
    void begin(HttpAnswer answer, long length) {
        isCommitted = true;
        response.setStatusCode(answer.status()).putHeader("content-length", Long.toString(length));
        head(answer.contentType());
        answer.headers().forEach(response::putHeader);
    }

    /** Sends the next piece. Completes when the connection has taken it, and fails if the client has gone. */
    Future<Void> piece(byte[] bytes) {
        OpenAnswers.Entry entry = openAnswers.begin(bytes.length, this::cut);
        return response.write(Buffer.buffer(bytes)).onComplete(written -> entry.end());
    }

    /** Ends an answer that was sent in pieces. */
    void finish(String outcome) {
        end();
        var unused = response.end();
        listener.ended(this, response.getStatusCode(), outcome);
    }

    private void head(String contentType) {
        response.putHeader("content-type", contentType).putHeader("x-request-id", id);
        if (contentType.equals(HttpAnswer.EVENTS)) {
            response.putHeader("cache-control", "no-cache, no-transform");
            response.putHeader("x-accel-buffering", "no");
        }
    }

    /** Sends an answer with its own status, or its body if the head was sent already. */
    void send(HttpAnswer answer) {
        if (isEnded) {
            return;
        }
        end();
        if (!isCommitted) {
            response.setStatusCode(answer.status());
            head(answer.contentType());
            answer.headers().forEach(response::putHeader);
        }
        write(Buffer.buffer(answer.body()));
        listener.ended(this, answer.status(), answer.outcome());
    }

    /** Ends a stream whose head was sent with the events of an error. The connection is closed after them. */
    void sendFailure(HttpAnswer error) {
        end();
        write(Buffer.buffer(StreamEvents.failure(error)));
        listener.ended(this, error.status(), error.outcome());
    }

    private void write(Buffer body) {
        OpenAnswers.Entry entry = openAnswers.begin(body.length(), this::cut);
        var unused = response.end(body).onComplete(written -> {
            entry.end();
            if (closesAfterAnswer) {
                close();
            }
        });
    }

    /** Closes the connection once the client has sent all. One that is cut off while it sends reads no answer. */
    private void close() {
        if (request.isEnded()) {
            var unused = request.connection().close();
            return;
        }
        closeTimer = vertx.setTimer(LINGER_MILLIS, late -> request.connection().close());
        request.endHandler(end -> request.connection().close());
    }

    /** Cuts the connection, so that the client cannot take what it has got for an answer. */
    void abort(HttpAnswer instead) {
        end();
        cut();
        listener.ended(this, instead.status(), instead.outcome());
    }

    private void cut() {
        if (request.connection() instanceof VertxConnection connection) {
            // The answer of an HTTP/1.0 request, which nginx sends, ends with its connection. Only a reset says that it
            // is not whole.
            connection.channelHandlerContext().channel().config().setOption(ChannelOption.SO_LINGER, 0);
            // The server's own close() waits until the client has taken what it has not read.
            var unused = connection.channelHandlerContext().close();
        } else {
            var unused = request.connection().close();
        }
    }

    /** Runs an action after this time, unless the exchange has ended by then. Returns what {@link #cancel} takes. */
    long after(long millis, Runnable action) {
        long timer = vertx.setTimer(millis, due -> {
            timers.remove(due);
            action.run();
        });
        timers.add(timer);
        return timer;
    }

    void cancel(long timer) {
        if (timers.remove(timer)) {
            vertx.cancelTimer(timer);
        }
    }

    /** Answers with the id of the request that an earlier try of the client has published. */
    void continues(String earlierId) {
        id = earlierId;
    }

    /** Closes the connection after the answer, so that the next request goes elsewhere. */
    void closeAfterAnswer() {
        closesAfterAnswer = true;
        response.putHeader("connection", "close");
    }

    /** Returns the time since this exchange began, in milliseconds. */
    long tookMillis() {
        return TimeUnit.NANOSECONDS.toMillis(tookNanos());
    }
}
