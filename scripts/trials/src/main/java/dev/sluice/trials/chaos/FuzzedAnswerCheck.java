package dev.sluice.trials.chaos;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Judges single answers to hostile requests. Stateless. */
final class FuzzedAnswerCheck {
    private static final JsonMapper MAPPER = JsonMapper.shared();
    private static final int OK = 200;
    private static final String TEXT = "h\u00e9llo";
    private static final String DATA = "data: ";
    private static final int CONTINUE = 100;
    /** The errors that a request may meet although the door is well. */
    private static final Set<String> USUAL =
            Set.of("models_unknown", "too_many_uploads", "too_many_files", "too_many_waiting", "timeout", "expired");

    private FuzzedAnswerCheck() {}

    /**
     * Returns what is wrong with an answer.
     *
     * @param mayBeHead true if the request may be one for the head of an answer alone
     */
    static Optional<String> problem(RawAnswer answer, boolean mayBeHead) {
        if (answer.status() == CONTINUE || (answer.body().isEmpty() && mayBeHead)) {
            return Optional.empty();
        }
        if (answer.body().isEmpty()) {
            return Optional.of("status " + answer.status() + " without a body");
        }
        String type = answer.headers().getOrDefault("content-type", "");
        if (answer.status() == OK) {
            return isRight(type, answer.body()) ? Optional.empty() : Optional.of("a wrong body of type " + type);
        }
        if (answer.status() < 400) {
            return Optional.of("status " + answer.status());
        }
        return type.equals("application/json") ? errorProblem(answer) : Optional.of("an error of type " + type);
    }

    private static boolean isRight(String type, String body) {
        return switch (type) {
            case "application/json" -> parsed(body).isObject() || parsed(body).isArray();
            case "text/event-stream" -> body.endsWith(DATA + "[DONE]\n\n") || isEndedByExpectedError(body);
            default -> type.startsWith("text/plain");
        };
    }

    /** Returns true for a stream that has begun and then ends with an error that is not the door's fault. */
    private static boolean isEndedByExpectedError(String stream) {
        JsonNode error = parsed(stream.substring(stream.lastIndexOf(DATA) + DATA.length()))
                .path("error");
        return stream.endsWith("\n\n")
                && isInForm(error)
                && USUAL.contains(error.path("code").asString(""));
    }

    private static boolean isInForm(JsonNode error) {
        return error.path("message").isString() && error.path("type").isString() && error.has("code");
    }

    private static Optional<String> errorProblem(RawAnswer answer) {
        JsonNode error = parsed(answer.body()).path("error");
        if (!isInForm(error)) {
            return Optional.of("no error in OpenAI's form");
        }
        boolean isOurs =
                answer.status() >= 500 && !USUAL.contains(error.path("code").asString(""));
        return isOurs ? Optional.of("status " + answer.status()) : Optional.empty();
    }

    private static JsonNode parsed(String json) {
        try {
            return MAPPER.readTree(json);
        } catch (JacksonException notJson) {
            return MAPPER.missingNode();
        }
    }

    /** Tells whether a good request was answered once and rightly. */
    static boolean isCompletion(List<RawAnswer> answers, boolean isStream) {
        if (answers.size() != 1
                || answers.get(0).status() != OK
                || !answers.get(0).isWhole()) {
            return false;
        }
        String body = answers.get(0).body();
        return isStream
                ? body.contains("chat.completion.chunk")
                        && StreamedEcho.shown(body).contains(TEXT)
                : body.contains("\"chat.completion\"") && body.contains(TEXT);
    }
}
