package dev.sluice.sandbox;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Makes the error bodies of the API and of the edges before it. */
final class ErrorBodies {
    private static final Set<Integer> EDGE_STATUSES = Set.of(502, 504, 520, 524, 529);

    /** The content of an error. {@code code} is mostly null. */
    record Text(
            String message,
            String type,
            @Nullable String param,
            @Nullable String code) {
        static Text of(String message, String type) {
            return new Text(message, type, null, null);
        }
    }

    private static final Map<Integer, Text> TEXT_BY_STATUS = Map.ofEntries(
            Map.entry(400, Text.of("The request is malformed", "invalid_request_error")),
            Map.entry(401, new Text("Invalid API key provided", "invalid_request_error", null, "invalid_api_key")),
            Map.entry(402, Text.of("Credit limit exceeded, please add credits to your account", "credit_limit")),
            Map.entry(
                    404, new Text("Unable to access this model", "invalid_request_error", null, "model_not_available")),
            Map.entry(408, Text.of("The request timed out", "timeout")),
            Map.entry(413, Text.of("The request is too large", "invalid_request_error")),
            Map.entry(422, Text.of("The request can't be processed", "invalid_request_error")),
            Map.entry(429, Text.of("You have reached the rate limit of this model", "dynamic_request_limited")),
            Map.entry(500, Text.of("The server had an error while processing your request", "server_error")),
            Map.entry(503, Text.of("The server is overloaded or not ready yet", "overloaded_error")));
    private static final Text TOO_LONG = new Text(
            "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 131073."
                    + " Given: 150000 `inputs` tokens and 2048 `max_new_tokens`",
            "invalid_request_error",
            "max_tokens",
            null);
    private static final Map<Integer, String> TITLE_BY_STATUS = Map.of(
            403, "Forbidden",
            500, "Internal Server Error",
            502, "Bad Gateway",
            503, "Service Unavailable",
            504, "Gateway Timeout",
            520, "Web server is returning an unknown error",
            524, "A timeout occurred",
            529, "Site is overloaded");

    private ErrorBodies() {}

    /**
     * Returns the default content for a status. A JSON 403 says that the context is too long, as the API's
     * documentation does.
     */
    static Text text(int status, boolean tooLong) {
        if (tooLong || status == 403) {
            return TOO_LONG;
        }
        Text text = TEXT_BY_STATUS.get(status);
        return text != null
                ? text
                : Text.of("HTTP status " + status, status < 500 ? "invalid_request_error" : "server_error");
    }

    static boolean isFromEdge(int status) {
        return EDGE_STATUSES.contains(status);
    }

    static PlannedAnswer json(
            int status, Text text, Map<String, String> headers, StandInSettings.Errors errors, String id) {
        ObjectNode root = JsonMapper.shared().createObjectNode();
        if (errors.id()) {
            root.put("id", id);
        }
        ObjectNode error = root.putObject("error");
        error.put("message", text.message()).put("type", text.type());
        error.put("param", text.param()).put("code", text.code());
        switch (errors.errorType()) {
            case INSIDE -> error.put("error_type", text.type());
            case BESIDE -> root.put("error_type", text.type());
            case ABSENT -> {}
        }
        return PlannedAnswer.json(status, headers, root.toString());
    }

    /** Returns an answer in the form of an edge. A redirect has the address of a login page. */
    static PlannedAnswer ofEdge(int status, ApiFault.BodyForm form, Map<String, String> headers) {
        Map<String, String> all = new HashMap<>(headers);
        if (status < 400) {
            all.put("Location", "https://login.example/");
        }
        String title = TITLE_BY_STATUS.getOrDefault(status, "Error");
        return switch (form) {
            case PROBLEM ->
                PlannedAnswer.json(
                        status,
                        all,
                        JsonMapper.shared()
                                .createObjectNode()
                                .put("title", "Error 1010: " + title)
                                .put("status", status)
                                .put("cloudflare_error", true)
                                .toString());
            case TEXT -> PlannedAnswer.text(status, all, status + " page not found\n");
            case NONE -> PlannedAnswer.text(status, all, "");
            case HTML, JSON -> html(status, all);
        };
    }

    static PlannedAnswer html(int status, Map<String, String> headers) {
        String title = status + " " + TITLE_BY_STATUS.getOrDefault(status, "Error");
        return PlannedAnswer.html(
                status,
                headers,
                "<!DOCTYPE html>\n<html><head><title>%1$s</title></head>\n<body><center><h1>%1$s</h1></center>\n"
                                .formatted(title)
                        + "<hr><center>cloudflare</center></body></html>\n");
    }
}
