package dev.sluice.sandbox;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Serves the control requests of a stand-in. {@link TogetherStandIn} describes them under "Control". */
final class ControlEndpoint implements HttpHandler {
    static final String PATH = "/control";
    private static final String HISTORY = PATH + "/history";
    private static final Pattern MAX = Pattern.compile("max=(\\d{1,7})");
    private static final int DEFAULT_MAX = 1000;

    private final TogetherStandIn standIn;

    ControlEndpoint(TogetherStandIn standIn) {
        this.standIn = standIn;
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        String body = new String(HttpPort.receive(exchange).sharedBody(), StandardCharsets.UTF_8);
        String query = exchange.getRequestURI().getQuery();
        String route =
                exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath();
        HttpPort.send(exchange, answer(route, query == null ? "" : query, body));
    }

    private PlannedAnswer answer(String route, String query, String body) {
        return switch (route) {
            case "GET " + PATH -> state();
            case "PUT " + PATH, "PATCH " + PATH -> apply(body);
            case "GET " + HISTORY -> history(query);
            case "DELETE " + HISTORY -> {
                standIn.clearHistory();
                yield state();
            }
            default ->
                error(404, "no " + route + "; there are GET, PUT and PATCH " + PATH + ", GET and DELETE " + HISTORY);
        };
    }

    private PlannedAnswer apply(String body) {
        try {
            standIn.update(settings -> settings.patched(body));
            return state();
        } catch (IllegalArgumentException e) {
            return error(400, String.valueOf(e.getMessage()));
        }
    }

    private PlannedAnswer state() {
        ObjectNode root = JsonMapper.shared().createObjectNode();
        root.set("settings", StandInSettingsJson.masked(standIn.settings()));
        counts(root);
        return PlannedAnswer.json(200, Map.of(), root.toString());
    }

    private void counts(ObjectNode root) {
        ObjectNode counts = root.putObject("counts");
        counts.put("calls", standIn.calls());
        counts.put("open", standIn.openCalls()).put("maxOpen", standIn.maxOpenCalls());
        ObjectNode byStatus = counts.putObject("byStatus");
        standIn.callsByStatus().forEach((status, calls) -> byStatus.put(status.toString(), calls));
    }

    private PlannedAnswer history(String query) {
        Matcher max = MAX.matcher(query);
        if (!query.isEmpty() && !max.matches()) {
            return error(400, "unknown query '" + query + "'; there is max=1000");
        }
        ObjectNode root = JsonMapper.shared().createObjectNode();
        counts(root);
        ArrayNode calls = root.putArray("calls");
        for (ReceivedCall call : standIn.history(query.isEmpty() ? DEFAULT_MAX : Integer.parseInt(max.group(1)))) {
            calls.addObject()
                    .put("nanoTime", call.nanoTime())
                    .put("epochMillis", call.epochMillis())
                    .put("status", call.status())
                    .put("model", call.model())
                    .put("tokens", call.tokens())
                    .put("body", "%016x".formatted(call.bodyHash()));
        }
        return PlannedAnswer.json(200, Map.of(), root.toString());
    }

    private static PlannedAnswer error(int status, String message) {
        ObjectNode root = JsonMapper.shared().createObjectNode();
        root.put("error", message);
        return PlannedAnswer.json(status, Map.of(), root.toString());
    }
}
