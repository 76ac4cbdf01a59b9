package dev.sluice.worker.call;

import dev.sluice.worker.pieces.PieceStream;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One call from its start to its end. Owned by the event loop.
 *
 * <p>A kept connection may have been closed by the other side while the request was on its way. A call that fails on
 * such a connection at once, without an answer, was not worked on. It is made again on a new connection, once.
 */
final class HttpCall {
    private static final String USER_AGENT = "sluice-worker";
    /** A connection that ends earlier than this after the request had left, without an answer, has served nothing. */
    private static final long STALE_NANOS = Duration.ofSeconds(1).toNanos();
    /** The status with which some servers close an idle connection. It is no answer to a request. */
    private static final int REQUEST_TIMEOUT = 408;

    private final Surroundings surroundings;
    private final Message message;
    private final Runnable onSend;
    private final Consumer<CallResult> onEnd;
    private final CallTimer timer;
    private Stage stage = Stage.CONNECTING;
    private @Nullable HttpClientRequest http;
    private @Nullable AnswerReader reading;
    private long sentAt;
    private long leftAt;
    private boolean wasReused;
    private boolean isRepeated;
    private boolean hasLeft;
    private boolean isBodyRead;
    private boolean hasEnded;

    /** The parts of a client that all its exchanges share. */
    record Surroundings(
            Vertx vertx,
            ApiConnections connections,
            AnswerMemory memory,
            ApiClient.Bounds bounds,
            AtomicInteger openStreams,
            Consumer<Throwable> onDeath) {}

    /**
     * A request to the API.
     *
     * @param body the body to post, or null for a request that has none
     * @param headers headers beside our own
     * @param choices the number of choices that it asks for
     * @param pieces takes the chunks of an answer that comes as a stream
     * @param progress takes what such an answer tells before its end
     */
    record Message(
            ApiConnections.Endpoint endpoint,
            byte @Nullable [] body,
            String apiKey,
            Map<String, String> headers,
            int choices,
            PieceStream pieces,
            StreamProgress progress) {
        /** Makes a request whose answer is no completion. */
        Message(ApiConnections.Endpoint endpoint, String apiKey) {
            this(endpoint, null, apiKey, Map.of(), 1, PieceStream.NONE, StreamProgress.NONE);
        }
    }

    private enum Stage {
        CONNECTING("connecting"),
        WAITING("waiting for the answer"),
        READING("reading the answer");

        private final String words;

        Stage(String words) {
            this.words = words;
        }
    }

    /**
     * @param onSend runs each time the request is sent
     * @param onEnd receives the result, once
     */
    HttpCall(Surroundings surroundings, Message message, Runnable onSend, Consumer<CallResult> onEnd) {
        this.surroundings = surroundings;
        this.message = message;
        this.onSend = onSend;
        this.onEnd = onEnd;
        this.timer = new CallTimer(surroundings.vertx, surroundings.bounds);
    }

    /** Returns the result of a call that cannot be sent. Its exception may quote a header, and that may be the key. */
    static CallResult unsendable(RuntimeException e, long tookMillis) {
        String words = "no call can be made of the request: " + e.getClass().getSimpleName();
        return new CallResult.Failed("unsendable", words, tookMillis);
    }

    void start() {
        guarded(() -> {
            if (hasEnded) {
                return;
            }
            timer.start(() -> guarded(this::timeOut));
            connect(false);
        });
    }

    void cancel() {
        guarded(() -> end(new CallResult.Cancelled(timer.tookMillis())));
    }

    /** Ends the call because its request was cancelled. */
    void abort() {
        guarded(() -> end(new CallResult.Aborted(hasLeft, timer.tookMillis())));
    }

    private void timeOut() {
        timeOut("timed out after " + FailureWords.seconds(surroundings.bounds.timeout()) + " while " + stage.words);
    }

    private void timeOut(String words) {
        end(new CallResult.Failed("timeout", words, hasLeft, timer.tookMillis(), stream()));
    }

    private Optional<CallResult.Stream> stream() {
        return reading == null ? Optional.empty() : reading.stream();
    }

    /** Ends a stream that is silent or lasts for too long, or else looks again once that may be the case. */
    private void watchStream(HttpClientResponse response, AnswerReader stream) {
        if (hasEnded) {
            return;
        }
        Optional<String> over = timer.watch(stream, () -> guarded(() -> watchStream(response, stream)));
        if (over.isPresent() && stream.isComplete()) {
            end(answered(response, stream));
        } else {
            over.ifPresent(words -> timeOut("timed out after " + words));
        }
    }

    private void connect(boolean isNew) {
        stage = Stage.CONNECTING;
        surroundings
                .connections
                .open(message.endpoint, isNew)
                .onComplete(opened -> guarded(() -> {
                    if (opened.failed()) {
                        fail(opened.cause());
                    } else if (hasEnded) {
                        discard(opened.result());
                    } else {
                        send(opened.result());
                    }
                }));
    }

    private void send(HttpClientRequest opened) {
        http = opened;
        wasReused = surroundings.connections.use(opened.connection());
        try {
            opened.putHeader("Accept", "application/json")
                    .putHeader("User-Agent", USER_AGENT)
                    .putHeader("Authorization", "Bearer " + message.apiKey);
            if (message.body != null) {
                opened.putHeader("Content-Type", "application/json");
            }
            message.headers.forEach(opened::putHeader);
        } catch (RuntimeException e) {
            end(unsendable(e, timer.tookMillis()));
            return;
        }
        stage = Stage.WAITING;
        opened.response()
                .onComplete(answer -> guarded(() -> {
                    if (answer.failed()) {
                        fail(opened, answer.cause());
                    } else if (!hasEnded) {
                        read(answer.result());
                    }
                }));
        onSend.run();
        sentAt = System.nanoTime();
        Future<Void> leaving = message.body == null ? opened.end() : opened.end(Buffer.buffer(message.body));
        leaving.onSuccess(unused -> {
            if (opened == http) {
                hasLeft = true;
                leftAt = System.nanoTime();
            }
        });
    }

    private void read(HttpClientResponse response) {
        if (response.statusCode() == REQUEST_TIMEOUT && isStale()) {
            discard(response.request());
            repeat();
            return;
        }
        stage = Stage.READING;
        hasLeft = true;
        AnswerReader body = reader(response);
        reading = body;
        response.exceptionHandler(failure -> guarded(() -> failReading(failure, response, body)));
        response.handler(bytes -> guarded(() -> {
            if (!hasEnded) {
                take(bytes, response, body);
            }
        }));
        response.endHandler(unused -> guarded(() -> {
            isBodyRead = true;
            if (!hasEnded) {
                end(answered(response, body));
            }
        }));
    }

    private void take(Buffer bytes, HttpClientResponse response, AnswerReader body) {
        timer.heard();
        boolean wasComplete = body.isComplete();
        boolean goesOn = body.add(bytes);
        if (!goesOn) {
            end(answered(response, body));
        } else if (!wasComplete && body.isComplete()) {
            watchStream(response, body);
        }
    }

    private AnswerReader reader(HttpClientResponse response) {
        int maxBytes = surroundings.bounds.maxResponseBytes();
        if (!StreamedAnswer.isIn(response)) {
            return new AnswerBody(response, maxBytes, surroundings.memory);
        }
        AnswerReader stream = new StreamedAnswer(
                response, message.choices, maxBytes, surroundings.memory, message.pieces, message.progress);
        surroundings.openStreams.incrementAndGet();
        timer.heard();
        watchStream(response, stream);
        return stream;
    }

    /** Ends a call whose answer breaks off. A stream may have been complete before. */
    private void failReading(Throwable failure, HttpClientResponse response, AnswerReader body) {
        if (!hasEnded && body.isComplete() && !(failure instanceof Error)) {
            end(answered(response, body));
        } else {
            fail(failure);
        }
    }

    private CallResult answered(HttpClientResponse response, AnswerReader body) {
        ApiConnections connections = surroundings.connections;
        if (response.statusCode() == CallResult.Failed.PROXY_AUTHENTICATION && connections.areAnswersTheProxys()) {
            return failed(connections.rejectedByProxy(response.statusCode()));
        }
        byte[] bytes;
        try {
            bytes = body.bytes();
        } catch (AnswerBody.UnusableException e) {
            return new CallResult.Failed(e.error(), e.getMessage(), hasLeft, timer.tookMillis(), body.stream());
        }
        Map<String, String> headers = new HashMap<>();
        response.headers().forEach((name, value) -> headers.putIfAbsent(name.toLowerCase(Locale.ROOT), value));
        return new CallResult.Answered(response.statusCode(), headers, bytes, timer.tookMillis(), body.stream());
    }

    private void fail(HttpClientRequest failed, Throwable failure) {
        // The first request on a stale connection may fail twice.
        if (failed == http) {
            fail(failure);
        }
    }

    private void fail(Throwable failure) {
        if (failure instanceof Error) {
            surroundings.onDeath.accept(failure);
        }
        if (hasEnded) {
            return;
        }
        if (isStale() && FailureWords.isClosed(failure)) {
            repeat();
        } else {
            // What accepts and closes at once, such as a balancer without a server, works on nothing.
            hasLeft &= !isCutAtOnce(failure);
            end(failed(failure));
        }
    }

    private boolean isCutAtOnce(Throwable failure) {
        return stage == Stage.WAITING && FailureWords.isClosed(failure) && System.nanoTime() - leftAt < STALE_NANOS;
    }

    /** Returns true while an end of the connection means that it was stale. */
    private boolean isStale() {
        return wasReused && stage == Stage.WAITING && !isRepeated && System.nanoTime() - sentAt < STALE_NANOS;
    }

    private void repeat() {
        isRepeated = true;
        hasLeft = false;
        http = null;
        connect(true);
    }

    private CallResult failed(Throwable failure) {
        String error = failure instanceof ApiConnections.ProxyRejection rejection
                        && rejection.status() == CallResult.Failed.PROXY_AUTHENTICATION
                ? Integer.toString(rejection.status())
                : "connection";
        return new CallResult.Failed(error, FailureWords.of(failure), hasLeft, timer.tookMillis(), stream());
    }

    private void end(CallResult result) {
        if (hasEnded) {
            return;
        }
        hasEnded = true;
        timer.stop();
        if (reading != null) {
            reading.release();
            reading.stream().ifPresent(stream -> surroundings.openStreams.decrementAndGet());
        }
        HttpClientRequest made = http;
        if (made != null && (isRepeated || !isBodyRead || !(result instanceof CallResult.Answered))) {
            discard(made);
        } else if (made != null) {
            surroundings.connections.left(made.connection());
        }
        onEnd.accept(result);
    }

    /** Ends the exchange on the wire. Over HTTP/1.1 that closes the connection. */
    private static void discard(HttpClientRequest made) {
        var unused = made.connection().close();
    }

    /** Runs a callback. What it throws ends this call, unless it is an error or the call has ended already. */
    private void guarded(Runnable callback) {
        try {
            callback.run();
        } catch (Throwable defect) {
            if (defect instanceof Error || hasEnded) {
                surroundings.onDeath.accept(defect);
            } else {
                end(failed(defect));
            }
        }
    }
}
