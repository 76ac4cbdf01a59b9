package dev.sluice.gateway;

import dev.sluice.gateway.files.FileContent;
import dev.sluice.gateway.files.FilePage;
import dev.sluice.gateway.files.FileRequestException;
import dev.sluice.gateway.files.FileStore;
import dev.sluice.gateway.files.FilesConfig;
import dev.sluice.gateway.files.StoredFile;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Answers {@code /v1/files}. It belongs to the event loop. */
final class FilesRoute {
    private static final String PATH = "/files";
    private static final String CONTENT = "/content";
    private static final int MAX_TRANSFERS = 64;
    private static final int MAX_OF_ONE = 24;
    private static final int MAX_PAGE = 10_000;

    private static final JsonMapper MAPPER = JsonMapper.shared();

    private final CallerRule callers;
    private final FileStore store;
    private final FilesConfig config;
    private final FileTasks tasks;
    private final TaskAnswers answers;
    private final WaitTimes times;
    private final OpenTransfers transfers = new OpenTransfers(MAX_TRANSFERS, MAX_OF_ONE);

    FilesRoute(
            CallerRule callers,
            FileStore store,
            FilesConfig config,
            FileTasks tasks,
            TaskAnswers answers,
            WaitTimes times) {
        this.callers = callers;
        this.store = store;
        this.config = config;
        this.tasks = tasks;
        this.answers = answers;
        this.times = times;
    }

    /** @param path a path without /v1 */
    static boolean isFor(String path) {
        return path.equals(PATH) || path.startsWith(PATH + "/");
    }

    /** Runs this when no file is being received or sent. */
    void whenIdle(Runnable action) {
        transfers.whenEmpty(action);
    }

    /** @param path a path without /v1 for which {@link #isFor} is true */
    void handle(ClientExchange exchange, String path) {
        CallerRule.Verdict verdict = callers.check(exchange.request());
        if (verdict instanceof CallerRule.Admitted admitted) {
            route(exchange, admitted.caller().owner(), path);
        } else if (verdict instanceof CallerRule.Refused refused) {
            refuse(exchange, refused.answer());
        }
    }

    private static void refuse(ClientExchange exchange, HttpAnswer answer) {
        exchange.closeAfterAnswer(); // its body is not read
        exchange.send(answer);
    }

    private void route(ClientExchange exchange, String owner, String path) {
        HttpMethod method = exchange.request().method();
        String id = path.length() > PATH.length() ? path.substring(PATH.length() + 1) : "";
        if (id.isEmpty()) {
            if (method.equals(HttpMethod.POST)) {
                receive(exchange, owner);
            } else if (method.equals(HttpMethod.GET)) {
                list(exchange, owner);
            } else {
                refuse(exchange, DoorRouter.wrongMethod("GET, POST"));
            }
        } else if (id.endsWith(CONTENT)) {
            content(exchange, owner, id.substring(0, id.length() - CONTENT.length()));
        } else if (method.equals(HttpMethod.GET)) {
            answers.answer(
                    exchange,
                    () -> store.find(owner, id),
                    found -> found.map(FilesRoute::file).orElseGet(() -> FileErrors.unknown(id)));
        } else if (method.equals(HttpMethod.DELETE)) {
            answers.answer(
                    exchange, () -> store.delete(owner, id), found -> found ? deleted(id) : FileErrors.unknown(id));
        } else {
            refuse(exchange, DoorRouter.wrongMethod("GET, DELETE"));
        }
    }

    private void receive(ClientExchange exchange, String owner) {
        if (!transfers.begin(owner)) {
            refuse(exchange, FileErrors.busy());
            return;
        }
        @Nullable String contentType = exchange.request().getHeader(HttpHeaders.CONTENT_TYPE);
        UploadReceiver.receive(
                exchange,
                tasks,
                () -> store.begin(owner, contentType == null ? "" : contentType),
                config.maxFileBytes(),
                times.uploadWithin().toMillis(),
                FilesRoute::file,
                () -> transfers.end(owner));
    }

    private void content(ClientExchange exchange, String owner, String id) {
        if (!exchange.request().method().equals(HttpMethod.GET)) {
            refuse(exchange, DoorRouter.wrongMethod("GET"));
        } else if (!transfers.begin(owner)) {
            exchange.send(FileErrors.busy());
        } else {
            answers.limit(exchange);
            Future<Optional<FileContent>> unused = tasks.run(() -> store.content(owner, id))
                    .onComplete(opened -> {
                        if (opened.succeeded() && opened.result().isPresent()) {
                            FileSender.send(exchange, tasks, opened.result().get(), () -> transfers.end(owner));
                            return;
                        }
                        transfers.end(owner);
                        exchange.send(
                                opened.failed()
                                        ? FileErrors.of(exchange.id(), opened.cause())
                                        : FileErrors.unknown(id));
                    });
        }
    }

    private void list(ClientExchange exchange, String owner) {
        FilePage.Query query;
        try {
            query = query(exchange.request());
        } catch (FileRequestException e) {
            exchange.send(FileErrors.of(exchange.id(), e));
            return;
        }
        answers.answer(exchange, () -> store.list(owner, query), FilesRoute::page);
    }

    private static FilePage.Query query(HttpServerRequest request) {
        String limit = parameter(request, "limit", Integer.toString(MAX_PAGE));
        if (!limit.matches("[1-9][0-9]{0,4}") || Integer.parseInt(limit) > MAX_PAGE) {
            throw new FileRequestException(
                    400, "invalid_value", "limit", "limit is '" + limit + "'; it must be 1 to " + MAX_PAGE);
        }
        String order = parameter(request, "order", "desc");
        if (!List.of("asc", "desc").contains(order)) {
            throw new FileRequestException(
                    400, "invalid_value", "order", "order is '" + order + "'; it must be asc or desc");
        }
        return new FilePage.Query(
                parameter(request, "after", ""),
                Integer.parseInt(limit),
                order.equals("asc"),
                parameter(request, "purpose", ""));
    }

    private static String parameter(HttpServerRequest request, String name, String otherwise) {
        @Nullable String value = request.getParam(name);
        return value == null ? otherwise : value;
    }

    private static HttpAnswer file(StoredFile file) {
        return TaskAnswers.json(file.json());
    }

    private static HttpAnswer deleted(String id) {
        ObjectNode json = MAPPER.createObjectNode();
        json.put("id", id);
        json.put("object", "file");
        json.put("deleted", true);
        return TaskAnswers.json(json);
    }

    private static HttpAnswer page(FilePage page) {
        return TaskAnswers.page(page.files().stream().map(StoredFile::json).toList(), page.hasMore());
    }
}
