package dev.sluice.console;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * Serves what the page asks of the dead letters and of requests: POST requests with JSON, which only the page itself
 * can send. It belongs to the event loop.
 */
final class QuestionsRoute {
    private static final String SEARCH = "/dead-letters/search";
    private static final String LETTER = "/dead-letters/letter";
    private static final String PLAN = "/replays/plan";
    private static final String START = "/replays/start";
    private static final String STOP = "/replays/stop";
    private static final String FIND = "/requests/find";
    private static final String TENANTS = "/requests/tenants";
    private static final Set<String> PATHS = Set.of(SEARCH, LETTER, PLAN, START, STOP, FIND, TENANTS);

    private static final int MAX_BODY_BYTES = 256 << 10;
    private static final long BODY_MILLIS = 10_000;

    private final Vertx vertx;
    private final Context loop;
    private final TopicReaders readers;
    private final ReplayRunner runner;

    QuestionsRoute(Vertx vertx, Context loop, TopicReaders readers, ReplayRunner runner) {
        this.vertx = vertx;
        this.loop = loop;
        this.readers = readers;
        this.runner = runner;
    }

    static boolean isFor(@Nullable String path) {
        return path != null && PATHS.contains(path);
    }

    /**
     * Answers a POST request.
     *
     * @param whenClosed runs once the connection needs the answer no more
     */
    void handle(HttpServerRequest request, ConsoleUser user, Runnable whenClosed) {
        HttpServerResponse response = request.response();
        String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        if (length == null || !length.matches("[0-9]{1,9}") || Integer.parseInt(length) > MAX_BODY_BYTES) {
            ShortAnswers.send(response, 413, "the body must have a length of " + MAX_BODY_BYTES + " bytes at most");
            return;
        }
        long timer = vertx.setTimer(BODY_MILLIS, late -> request.connection().close());
        var unused = request.body().onComplete(read -> {
            vertx.cancelTimer(timer);
            if (read.succeeded()) {
                answer(request, user, read.result(), whenClosed);
            }
        });
    }

    private void answer(HttpServerRequest request, ConsoleUser user, Buffer body, Runnable whenClosed) {
        HttpServerResponse response = request.response();
        LetterRequest asked;
        try {
            asked = LetterRequest.parse(body.getBytes());
        } catch (IllegalArgumentException e) {
            ShortAnswers.send(response, 400, String.valueOf(e.getMessage()));
            return;
        }
        String path = request.path();
        boolean isAct = path.startsWith("/replays/");
        if (isAct && !user.acts()) {
            ShortAnswers.send(response, 403, "'" + user.name() + "' has no right to replay");
        } else if (!asked.filter().contains().isEmpty() && !user.readsBodies()) {
            ShortAnswers.send(response, 403, "'" + user.name() + "' has no right to search in bodies");
        } else {
            switch (path) {
                case SEARCH -> readers.ask(LetterQueries.search(asked, user), lines(response, whenClosed));
                case LETTER -> readers.ask(LetterQueries.letter(asked, user), lines(response, whenClosed));
                case PLAN -> readers.ask(LetterQueries.plan(asked, user), lines(response, whenClosed));
                case FIND -> find(response, asked, whenClosed);
                case TENANTS -> readers.countTenants(lines(response, whenClosed));
                case START -> start(response, asked, user);
                default -> {
                    runner.stop(user);
                    ShortAnswers.send(response, 200, "the replay ends after the letters under way");
                }
            }
        }
    }

    private JsonLines lines(HttpServerResponse response, Runnable whenClosed) {
        return new JsonLines(loop, response, whenClosed);
    }

    private void find(HttpServerResponse response, LetterRequest asked, Runnable whenClosed) {
        if (asked.filter().ids().size() == 1) {
            readers.find(asked.filter().ids().iterator().next(), lines(response, whenClosed));
        } else {
            ShortAnswers.send(response, 400, "ask for one request (ids)");
        }
    }

    private void start(HttpServerResponse response, LetterRequest asked, ConsoleUser user) {
        if (asked.limit() == Long.MAX_VALUE) {
            ShortAnswers.send(response, 400, "say how many letters to send at most (limit)");
            return;
        }
        Optional<ReplayState> other = runner.start(asked, user);
        ShortAnswers.json(
                response,
                other.isPresent() ? 409 : 202,
                other.map(ReplayState::json).orElseGet(() -> JsonMapper.shared().createObjectNode()));
    }
}
