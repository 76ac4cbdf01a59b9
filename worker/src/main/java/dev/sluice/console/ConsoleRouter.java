package dev.sluice.console;

import dev.sluice.http.ConnectionGuard;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.Map;
import java.util.Optional;

/**
 * Finds out who asks, and for what: a file of the page, its events, or a question. It belongs to the event loop.
 */
final class ConsoleRouter {
    private static final String EVENTS = "/events";
    private static final String USER = "/user";

    /** Nothing comes from elsewhere, nothing is inline, and no other page shows this one in a frame. */
    private static final Map<String, String> HEADERS = Map.of(
            "content-security-policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
                    + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "x-content-type-options",
            "nosniff",
            "referrer-policy",
            "no-referrer",
            "cross-origin-resource-policy",
            "same-origin",
            "cross-origin-opener-policy",
            "same-origin");

    private final ConnectionGuard connections;
    private final AccessRule rule;
    private final LiveEvents events;
    private final QuestionsRoute questions;
    private final Runnable whenOpened;
    private final PageFiles files = new PageFiles();

    /** @param whenOpened runs when a page begins to listen */
    ConsoleRouter(
            ConnectionGuard connections,
            AccessRule rule,
            LiveEvents events,
            QuestionsRoute questions,
            Runnable whenOpened) {
        this.connections = connections;
        this.rule = rule;
        this.events = events;
        this.questions = questions;
        this.whenOpened = whenOpened;
    }

    /** Answers a request. */
    void handle(HttpServerRequest request) {
        connections.requestBegan(request.connection());
        HttpServerResponse response = request.response();
        response.closeHandler(closed -> connections.requestEnded(request.connection()));
        HEADERS.forEach(response::putHeader);
        Optional<String> refusal = SameOrigin.refusal(request);
        if (refusal.isPresent()) {
            ShortAnswers.send(response, 403, refusal.get());
            return;
        }
        AccessRule.Decision decision = rule.check(request);
        if (decision instanceof AccessRule.Refused refused) {
            if (refused.status() == 401) {
                response.putHeader("www-authenticate", "Basic realm=\"Sluice\", charset=\"UTF-8\"");
            }
            ShortAnswers.send(response, refused.status(), refused.sentence());
            return;
        }
        ConsoleUser user = ((AccessRule.Admitted) decision).user();
        if (QuestionsRoute.isFor(request.path())) {
            if (isMethod(request, HttpMethod.POST)) {
                questions.handle(request, user, () -> connections.requestEnded(request.connection()));
            }
        } else if (isMethod(request, HttpMethod.GET)) {
            get(request, user);
        }
    }

    /** Returns whether a request has the right method. It is answered here if it has not. */
    private static boolean isMethod(HttpServerRequest request, HttpMethod method) {
        boolean isHead = method.equals(HttpMethod.GET) && request.method().equals(HttpMethod.HEAD);
        if (request.method().equals(method) || isHead) {
            return true;
        }
        HttpServerResponse response = request.response().putHeader(HttpHeaders.ALLOW, method.name());
        ShortAnswers.send(response, 405, "only " + method + " is answered here");
        return false;
    }

    private void get(HttpServerRequest request, ConsoleUser user) {
        String path = String.valueOf(request.path());
        switch (path) {
            case EVENTS -> stream(request);
            case USER -> ShortAnswers.json(request.response(), 200, user.json());
            default -> sendFile(request, path);
        }
    }

    private void stream(HttpServerRequest request) {
        HttpServerResponse response = request.response();
        if (events.isFull()) {
            ShortAnswers.send(response, 503, "as many pages are open as this console serves; close one");
            return;
        }
        response.setChunked(true)
                .putHeader(HttpHeaders.CONTENT_TYPE, "text/event-stream")
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                .putHeader("x-accel-buffering", "no"); // nginx keeps back what is less than a buffer
        if (request.method().equals(HttpMethod.HEAD)) {
            var unused = response.end();
            return;
        }
        events.add(response, () -> connections.requestEnded(request.connection()));
        whenOpened.run();
    }

    private void sendFile(HttpServerRequest request, String path) {
        HttpServerResponse response = request.response();
        PageFiles.PageFile file = files.get(path);
        if (file == null) {
            ShortAnswers.send(response, 404, "there is nothing at this path; the console is at /");
            return;
        }
        response.putHeader(HttpHeaders.CONTENT_TYPE, file.contentType())
                .putHeader(HttpHeaders.ETAG, file.tag())
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache"); // ask whether it has changed
        if (file.tag().equals(request.getHeader(HttpHeaders.IF_NONE_MATCH))) {
            var unused = response.setStatusCode(304).end();
        } else {
            var unused = response.end(Buffer.buffer(file.bytes()));
        }
    }

    /** Answers what is no HTTP. */
    void refuse(HttpServerRequest request) {
        HttpServerResponse response = request.response().putHeader("connection", "close");
        response.closeHandler(closed -> request.connection().close());
        ShortAnswers.send(response, 400, "this is no valid HTTP request");
    }
}
