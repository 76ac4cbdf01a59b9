package dev.sluice.gateway;

import io.vertx.core.Future;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Answers requests with what tasks on the volume of stored files have found out. It belongs to the event loop. */
final class TaskAnswers {
    private static final int MAX_TASKS = 512;
    /** The time in which the storage must have done what is asked for. */
    private static final long ANSWER_MILLIS = 30_000;

    private static final JsonMapper MAPPER = JsonMapper.shared();

    private final FileTasks tasks;

    TaskAnswers(FileTasks tasks) {
        this.tasks = tasks;
    }

    /** Answers with what a task has found out. */
    <T> void answer(ClientExchange exchange, Callable<T> task, Function<T, HttpAnswer> answer) {
        if (tasks.open() >= MAX_TASKS) {
            exchange.send(FileErrors.busy());
            return;
        }
        limit(exchange);
        Future<T> unused = tasks.run(task)
                .onComplete(done -> exchange.send(
                        done.failed() ? FileErrors.of(exchange.id(), done.cause()) : answer.apply(done.result())));
    }

    /** Answers when the storage does not. */
    void limit(ClientExchange exchange) {
        exchange.after(ANSWER_MILLIS, () -> {
            if (!exchange.isCommitted()) {
                exchange.send(FileErrors.unavailable());
            }
        });
    }

    static HttpAnswer json(ObjectNode json) {
        return new HttpAnswer(200, HttpAnswer.JSON, Map.of(), MAPPER.writeValueAsBytes(json), "ok");
    }

    /** Returns a part of a list, each of whose objects has an id. */
    static HttpAnswer page(List<ObjectNode> objects, boolean hasMore) {
        ObjectNode json = MAPPER.createObjectNode();
        json.put("object", "list");
        ArrayNode data = json.putArray("data");
        data.addAll(objects);
        json.set("first_id", objects.isEmpty() ? null : objects.get(0).get("id"));
        json.set(
                "last_id",
                objects.isEmpty() ? null : objects.get(objects.size() - 1).get("id"));
        json.put("has_more", hasMore);
        return json(json);
    }
}
