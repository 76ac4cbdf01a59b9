package dev.sluice;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.util.RawValue;

/**
 * Checks the fields of a body by Together AI's reference of {@code /chat/completions}. It applies only to bodies built
 * here. Ready-made bodies are left to the API. The class is stateless.
 */
final class BodyCheck {
    /** The fields that {@link ChatRequestBuilder} has methods for. They may not also be given as raw JSON. */
    private static final Set<String> FIELDS_WITH_METHOD = Set.of(
            "model",
            "messages",
            "max_tokens",
            "temperature",
            "top_p",
            "top_k",
            "min_p",
            "stop",
            "n",
            "seed",
            "presence_penalty",
            "frequency_penalty",
            "repetition_penalty",
            "logprobs",
            "response_format",
            "tools",
            "tool_choice");

    private static final int MAX_STOPS = 4;

    private final Map<String, Object> fields;
    private final RequestProblems problems;

    private BodyCheck(Map<String, Object> fields, RequestProblems problems) {
        this.fields = fields;
        this.problems = problems;
    }

    static void check(
            Map<String, Object> fields, List<ChatMessage> messages, Map<String, String> raw, RequestProblems problems) {
        BodyCheck check = new BodyCheck(fields, problems);
        check.model();
        check.messages(messages);
        check.parameters();
        raw.forEach(check::raw);
    }

    private void model() {
        Object model = fields.get("model");
        boolean named = model instanceof String name && !name.isBlank() && Utf8Text.wellFormed(name);
        problems.require(named, "model", model == null ? null : "'" + model + "'", "call model() with a model's name");
    }

    private void messages(List<ChatMessage> messages) {
        problems.require(!messages.isEmpty(), "messages", null, "add at least one with system(), user(), …");
        for (int i = 0; i < messages.size(); i++) {
            message("messages[" + i + "]", messages.get(i));
        }
    }

    private void message(String where, ChatMessage message) {
        problems.require(
                !message.role().isBlank() && Utf8Text.wellFormed(message.role()),
                where + ".role",
                "'" + message.role() + "'",
                "must be system, user, assistant or tool");
        Map<String, String> json = message.json();
        problems.require(!json.containsKey("role"), where + ".role", json.get("role"), "is the record's role; drop it");
        String text = message.text();
        if (text == null) {
            problems.require(!json.isEmpty(), where + ".content", null, "give a text, or JSON with with()");
        } else {
            problems.require(!json.containsKey("content"), where + ".content", "given twice", "as text or as JSON");
            problems.require(
                    Utf8Text.wellFormed(text), where + ".content", "half a surrogate pair", "must be valid Unicode");
        }
        json.forEach((name, value) -> parsed(where + "." + name, value));
    }

    private void parameters() {
        requireBetween("max_tokens", 1, Integer.MAX_VALUE, "must be 1 or more");
        requireBetween("temperature", 0, 2, "must be 0 to 2");
        requireBetween("top_p", 0, 1, "must be 0 to 1");
        requireBetween("min_p", 0, 1, "must be 0 to 1");
        requireBetween("n", 1, 128, "must be 1 to 128");
        requireBetween("logprobs", 0, 20, "must be 0 to 20");
        for (String penalty : List.of("presence_penalty", "frequency_penalty", "repetition_penalty")) {
            requireBetween(penalty, -Double.MAX_VALUE, Double.MAX_VALUE, "must be a finite number");
        }
        if (fields.get("stop") instanceof List<?> stop) {
            problems.require(stop.size() <= MAX_STOPS, "stop", stop.size() + " texts", "at most " + MAX_STOPS);
            boolean usable = stop.stream().allMatch(text -> text instanceof String s && Utf8Text.wellFormed(s));
            problems.require(usable, "stop", "half a surrogate pair", "must be valid Unicode");
        }
        if (fields.get("tool_choice") instanceof String word) {
            problems.require(
                    Utf8Text.wellFormed(word), "tool_choice", "half a surrogate pair", "must be valid Unicode");
        }
        requireJson("response_format", "{", "must be a JSON object");
        requireJson("tools", "[", "must be a JSON array");
        requireJson("tool_choice", "{", "must be a word or a JSON object");
    }

    /**
     * Requires {@code least <= value <= most}. The comparison is written so that NaN, which compares with nothing, is a
     * problem too.
     */
    private void requireBetween(String name, double min, double max, String remedy) {
        if (fields.get(name) instanceof Number number) {
            double value = number.doubleValue();
            problems.require(value >= min && value <= max, name, number, remedy);
        }
    }

    private void requireJson(String name, String opening, String remedy) {
        if (fields.get(name) instanceof RawValue raw) {
            String json = String.valueOf(raw.rawValue());
            if (parsed(name, json) != null) {
                problems.require(json.stripLeading().startsWith(opening), name, json, remedy);
            }
        }
    }

    private void raw(String name, String json) {
        problems.require(
                !FIELDS_WITH_METHOD.contains(name), name, json, "has a method of its own; use that instead of raw()");
        problems.require(
                !name.isEmpty() && Utf8Text.wellFormed(name), "raw", "'" + name + "'", "needs the field's name");
        JsonNode unused = parsed(name, json);
    }

    /** Returns the parsed value. It adds a problem and returns null if the value does not parse. */
    private @Nullable JsonNode parsed(String field, String json) {
        try {
            JsonNode value = JsonMapping.MAPPER.readTree(json);
            if (!value.isMissingNode() && Utf8Text.wellFormed(json)) {
                return value;
            }
            problems.add(field, "'" + json + "'", "must be one JSON value");
        } catch (JacksonException e) {
            problems.add(field, json, "must be one JSON value: " + e.getOriginalMessage());
        }
        return null;
    }
}
