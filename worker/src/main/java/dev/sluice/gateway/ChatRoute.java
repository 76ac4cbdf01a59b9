package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.ChatQueueException;
import dev.sluice.ReplyTimeoutException;
import dev.sluice.wire.ContentHash;
import dev.sluice.wire.WireHeaders;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers {@code POST /v1/chat/completions}. Its methods stand in the order in which requests meet them. It belongs to
 * the event loop.
 */
final class ChatRoute {
    private static final Logger LOG = LoggerFactory.getLogger(ChatRoute.class);
    private static final String RETRY_COUNT = "x-stainless-retry-count";
    private static final String IDEMPOTENCY_KEY = "idempotency-key";

    /**
     * The time until a retry is taken for a request of its own. A loop that was late may read it before it sees that
     * the connection of the try before has ended.
     */
    private static final long LATE_MILLIS = 100;

    private final Context loop;
    private final Vertx vertx;
    private final GatewayConfig config;
    private final CallerRule callers;
    private final ChatPublisher publisher;
    private final WaitingRequests waiting;
    private final KafkaGate kafka = new KafkaGate();
    private final UploadBudget uploads;
    private boolean isDraining;

    ChatRoute(
            Context loop,
            GatewayConfig config,
            CallerRule callers,
            ChatPublisher publisher,
            WaitingRequests waiting,
            UploadBudget uploads) {
        this.loop = loop;
        this.vertx = loop.owner();
        this.config = config;
        this.callers = callers;
        this.publisher = publisher;
        this.waiting = waiting;
        this.uploads = uploads;
    }

    /** Publishes no request from now on, including those whose bodies are being read. */
    void drain() {
        isDraining = true;
    }

    /** Reads the body, if the caller may send a request now. */
    void handle(ClientExchange exchange) {
        CallerRule.Verdict verdict = callers.check(exchange.request());
        if (verdict instanceof CallerRule.Admitted admitted) {
            read(exchange, admitted.caller());
        } else if (verdict instanceof CallerRule.Refused refused) {
            refuse(exchange, refused.answer());
        }
    }

    private static void refuse(ClientExchange exchange, HttpAnswer answer) {
        exchange.closeAfterAnswer(); // its body may not be read
        exchange.send(answer);
    }

    private void read(ClientExchange exchange, Caller caller) {
        long within = config.times().uploadWithin().toMillis();
        BodyReader.read(exchange, config.maxBodyBytes(), within, uploads, body -> accept(exchange, caller, body));
    }

    /** Gives the client the reply that its earlier try has left behind, or publishes the request. */
    private void accept(ClientExchange exchange, Caller caller, byte[] body) {
        String fingerprint = fingerprint(exchange.request(), caller, body);
        if (endIfOver(exchange, body) || joinEarlier(exchange, fingerprint, body)) {
            return;
        }
        if (isRetry(exchange.request())) {
            long unused = vertx.setTimer(LATE_MILLIS, due -> {
                if (!endIfOver(exchange, body) && !joinEarlier(exchange, fingerprint, body)) {
                    ask(exchange, caller, fingerprint, body);
                }
            });
        } else {
            ask(exchange, caller, fingerprint, body);
        }
    }

    /** Ends a request that comes to nothing, because the door drains or its client has gone. Returns whether it did. */
    private boolean endIfOver(ClientExchange exchange, byte[] body) {
        boolean isOver = isDraining || exchange.isEnded();
        if (isOver) {
            uploads.release(body.length);
        }
        if (isDraining && !exchange.isEnded()) {
            refuse(exchange, DoorRouter.draining());
        }
        return isOver;
    }

    /** Lets the client wait for the reply of its earlier try, or have it. Returns whether there was such a try. */
    private boolean joinEarlier(ClientExchange exchange, String fingerprint, byte[] body) {
        Optional<WaitingRequest> earlier =
                isRepeated(exchange.request()) ? waiting.adopt(fingerprint) : Optional.empty();
        earlier.ifPresent(found -> {
            LOG.atDebug().addKeyValue("id", found.id()).log("Request joined by the next try of its client");
            uploads.release(body.length);
            found.attach(exchange);
        });
        return earlier.isPresent();
    }

    private void ask(ClientExchange exchange, Caller caller, String fingerprint, byte[] body) {
        Optional<HttpAnswer> full = full(caller);
        if (full.isPresent()) {
            uploads.release(body.length);
            exchange.send(full.get());
            return;
        }
        WaitingRequest request = new WaitingRequest(vertx, config.times(), exchange.id(), fingerprint, caller, waiting);
        waiting.add(request);
        request.attach(exchange);
        publish(request, exchange.request(), body);
    }

    /** Equal bytes of one caller are one request only if the client says so. */
    private static boolean isRepeated(HttpServerRequest request) {
        return request.getHeader(IDEMPOTENCY_KEY) != null || isRetry(request);
    }

    private static boolean isRetry(HttpServerRequest request) {
        String count = request.getHeader(RETRY_COUNT);
        return count != null && count.matches("[1-9][0-9]{0,3}");
    }

    private static String fingerprint(HttpServerRequest request, Caller caller, byte[] body) {
        @Nullable String key = request.getHeader(IDEMPOTENCY_KEY);
        // Two keys may have one name.
        String owner = caller.name() + '\n' + caller.tenant() + '\n' + (key == null ? "" : key);
        return ContentHash.of(owner.getBytes(UTF_8), body);
    }

    /** Takes a place for a request, or returns why it cannot be published now. */
    private Optional<HttpAnswer> full(Caller caller) {
        if (waiting.isFull()) {
            return Optional.of(ErrorBody.busy(
                    503, "too_many_waiting", "this gateway has as many requests waiting as it may have", 5));
        }
        Optional<HttpAnswer> exceeded = caller.allowance().take(System.nanoTime());
        if (exceeded.isEmpty() && !kafka.enter(System.nanoTime())) {
            caller.allowance().release();
            return Optional.of(ReplyAnswers.unavailable());
        }
        return exceeded;
    }

    private void publish(WaitingRequest request, HttpServerRequest head, byte[] body) {
        ChatPublisher.Envelope envelope = new ChatPublisher.Envelope(
                request.id(),
                request.caller(),
                body,
                ClientDeadline.of(head::getHeader, config.maxWait()),
                head.getHeader(WireHeaders.TRACEPARENT));
        int bytes = body.length;
        CompletableFuture<Void> unused = publisher
                .publish(envelope, publisher.relay(loop, request))
                .handle((published, failure) -> {
                    loop.runOnContext(now -> {
                        uploads.release(bytes);
                        published(request, published, failure);
                    });
                    return null;
                });
    }

    private void published(
            WaitingRequest request, ChatPublisher.@Nullable Published published, @Nullable Throwable failure) {
        if (published == null) {
            kafka.learnedNothing();
            request.complete(ReplyAnswers.of(failure == null ? new IllegalStateException("no outcome") : failure));
            return;
        }
        request.asked(published.isStream(), published.abandon());
        if (!published.reply().isDone()) {
            kafka.published();
        }
        published.answer().ifPresent(whole -> {
            CompletableFuture<Void> unused =
                    whole.thenAccept(answer -> loop.runOnContext(now -> request.complete(answer)));
        });
        CompletableFuture<Void> unused = published.reply().handle((reply, broken) -> {
            loop.runOnContext(now -> observe(request, broken));
            return null;
        });
    }

    /** Learns from the end of an ask whether Kafka is there. */
    private void observe(WaitingRequest request, @Nullable Throwable broken) {
        if (broken == null) {
            kafka.published();
        } else if (broken instanceof ChatQueueException && !(broken instanceof ReplyTimeoutException)) {
            if (KafkaGate.saysThatKafkaIsAway(broken)) {
                kafka.failed(System.nanoTime());
                publisher.skipWaiting();
            } else {
                kafka.learnedNothing();
            }
            LOG.atWarn()
                    .addKeyValue("id", request.id())
                    .addKeyValue("error", broken.getMessage())
                    .log("Request could not be published, or its reply not be waited for");
        } else {
            kafka.learnedNothing();
        }
    }
}
