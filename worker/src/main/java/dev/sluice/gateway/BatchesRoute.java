package dev.sluice.gateway;

import dev.sluice.gateway.files.BatchOrder;
import dev.sluice.gateway.files.BatchPage;
import dev.sluice.gateway.files.BatchStore;
import dev.sluice.gateway.files.BatchStore.NumberedState;
import dev.sluice.gateway.files.FileRequestException;
import dev.sluice.gateway.files.StoredBatch;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Answers {@code /v1/batches}. It only writes what is wanted to the directory of files: the door whose turn it is runs
 * the batches. It belongs to the event loop.
 */
final class BatchesRoute {
    private static final String PATH = "/batches";
    private static final String CANCEL = "/cancel";
    private static final int MAX_BODY_BYTES = 64 * 1024;
    private static final int MAX_PAGE = 100;
    private static final String DEFAULT_PAGE = "20";

    private final CallerRule callers;
    private final BatchStore store;
    private final TaskAnswers answers;
    private final UploadBudget uploads;
    private final WaitTimes times;

    BatchesRoute(CallerRule callers, BatchStore store, TaskAnswers answers, UploadBudget uploads, WaitTimes times) {
        this.callers = callers;
        this.store = store;
        this.answers = answers;
        this.uploads = uploads;
        this.times = times;
    }

    /** @param path a path without /v1 */
    static boolean isFor(String path) {
        return path.equals(PATH) || path.startsWith(PATH + "/");
    }

    /** Returns true if a request to this path cancels a batch, and so needs no body. */
    static boolean isCancel(String path) {
        return path.endsWith(CANCEL);
    }

    /** @param path a path without /v1 for which {@link #isFor} is true */
    void handle(ClientExchange exchange, String path) {
        CallerRule.Verdict verdict = callers.check(exchange.request());
        if (verdict instanceof CallerRule.Admitted admitted) {
            route(exchange, admitted.caller(), path);
        } else if (verdict instanceof CallerRule.Refused refused) {
            refuse(exchange, refused.answer());
        }
    }

    private static void refuse(ClientExchange exchange, HttpAnswer answer) {
        exchange.closeAfterAnswer(); // its body is not read
        exchange.send(answer);
    }

    private void route(ClientExchange exchange, Caller caller, String path) {
        HttpMethod method = exchange.request().method();
        String id = path.length() > PATH.length() ? path.substring(PATH.length() + 1) : "";
        if (isCancel(id)) {
            if (method.equals(HttpMethod.POST)) {
                cancel(exchange, caller, id.substring(0, id.length() - CANCEL.length()));
            } else {
                refuse(exchange, DoorRouter.wrongMethod("POST"));
            }
        } else if (id.isEmpty() && method.equals(HttpMethod.POST)) {
            create(exchange, caller);
        } else if (!method.equals(HttpMethod.GET)) {
            refuse(exchange, DoorRouter.wrongMethod(id.isEmpty() ? "GET, POST" : "GET"));
        } else if (id.isEmpty()) {
            list(exchange, caller);
        } else {
            answers.answer(
                    exchange,
                    () -> store.find(caller.owner(), id).map(NumberedState::batch),
                    found -> found.map(BatchesRoute::batch).orElseGet(() -> unknown(id)));
        }
    }

    private void create(ClientExchange exchange, Caller caller) {
        read(
                exchange,
                body -> answers.answer(
                        exchange,
                        () -> {
                            BatchOrder order = BatchForm.parse(body, caller.tenant());
                            return store.create(caller.owner(), order).batch();
                        },
                        BatchesRoute::batch));
    }

    private void cancel(ClientExchange exchange, Caller caller, String id) {
        read(
                exchange,
                body -> answers.answer(
                        exchange,
                        () -> store.cancel(caller.owner(), id),
                        found -> found.map(BatchesRoute::batch).orElseGet(() -> unknown(id))));
    }

    private void read(ClientExchange exchange, Consumer<byte[]> whole) {
        BodyReader.read(exchange, MAX_BODY_BYTES, times.uploadWithin().toMillis(), uploads, body -> {
            uploads.release(body.length);
            whole.accept(body);
        });
    }

    private void list(ClientExchange exchange, Caller caller) {
        String limit = parameter(exchange.request(), "limit", DEFAULT_PAGE);
        if (!limit.matches("[1-9][0-9]{0,2}") || Integer.parseInt(limit) > MAX_PAGE) {
            exchange.send(FileErrors.of(
                    exchange.id(),
                    new FileRequestException(
                            400, "invalid_value", "limit", "limit is '" + limit + "'; it must be 1 to " + MAX_PAGE)));
            return;
        }
        String after = parameter(exchange.request(), "after", "");
        answers.answer(
                exchange,
                () -> store.list(caller.owner(), BatchPage.after(after), Integer.parseInt(limit)),
                page -> TaskAnswers.page(
                        page.batches().stream().map(StoredBatch::json).toList(), page.hasMore()));
    }

    private static String parameter(HttpServerRequest request, String name, String otherwise) {
        @Nullable String value = request.getParam(name);
        return value == null ? otherwise : value;
    }

    private static HttpAnswer batch(StoredBatch batch) {
        return TaskAnswers.json(batch.json());
    }

    private static HttpAnswer unknown(String id) {
        return ErrorBody.invalid(404, "batch_not_found", "batch_id", "there is no batch '" + id + "' of this key");
    }
}
