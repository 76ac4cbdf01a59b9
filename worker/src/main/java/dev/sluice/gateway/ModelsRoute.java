package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Answers {@code GET /v1/models} and {@code GET /v1/models/ID} from the list of the workers. */
final class ModelsRoute {
    private static final String PATH = "/models";

    private final CallerRule callers;
    private final WorkerWatch workers;

    ModelsRoute(CallerRule callers, WorkerWatch workers) {
        this.callers = callers;
        this.workers = workers;
    }

    /** @param path a path without /v1 */
    static boolean isFor(String path) {
        return path.equals(PATH) || path.startsWith(PATH + "/");
    }

    HttpAnswer answer(ClientExchange exchange, String path) {
        if (callers.check(exchange.request()) instanceof CallerRule.Refused refused) {
            return refused.answer();
        }
        Optional<ModelCatalog> models = workers.models();
        if (models.isEmpty()) {
            return unknown();
        }
        if (path.equals(PATH)) {
            return json(
                    isTogether(exchange.request().getHeader("user-agent"))
                            ? models.get().array()
                            : models.get().list());
        }
        return model(models.get(), path.substring(PATH.length() + 1));
    }

    /** Together's clients read the array of Together's API, and no object around it. */
    private static boolean isTogether(@Nullable String agent) {
        String name = agent == null ? "" : agent.toLowerCase(Locale.ROOT);
        return name.startsWith("together/") || name.startsWith("asynctogether/");
    }

    /** An empty list would be believed and kept; after a 503 clients ask again. */
    private HttpAnswer unknown() {
        boolean isNobodyThere = workers.alive().orElse(1) == 0;
        return ErrorBody.busy(
                503,
                "models_unknown",
                "no worker has listed the models yet"
                        + (isNobodyThere ? ", and none is alive: start one with 'sluice worker'" : "; try again"),
                5);
    }

    private static HttpAnswer model(ModelCatalog models, String encoded) {
        String id;
        try {
            id = URLDecoder.decode(encoded.replace("+", "%2B"), UTF_8);
        } catch (IllegalArgumentException e) {
            return ErrorBody.invalid(400, "invalid_path", "model", "the name in the path is not encoded as URLs are");
        }
        return models.model(id)
                .map(ModelsRoute::json)
                .orElseGet(() -> ErrorBody.invalid(
                        404, "model_not_found", "model", "the provider does not list the model '" + id + "'"));
    }

    private static HttpAnswer json(byte[] body) {
        return new HttpAnswer(200, HttpAnswer.JSON, Map.of(), body, "ok");
    }
}
