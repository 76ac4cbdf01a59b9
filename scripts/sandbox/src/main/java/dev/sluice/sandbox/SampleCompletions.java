package dev.sluice.sandbox;

import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes plausible completions. Each choice is {@code You said: } and the text of the last message, so that a reply can
 * be matched to its request. A choice that ends with {@code tool_calls} is a call of the first function instead, with
 * the same text as its argument {@code said}.
 */
final class SampleCompletions {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final String ECHO = "You said: ";
    private static final String FILLER_MARK = "FILLER";
    private static final String TOOL_CALLS = "tool_calls";

    private final RandomGenerator random;

    SampleCompletions(RandomGenerator random) {
        this.random = random;
    }

    /** A completion before it is written. */
    record Completion(String content, int tokens, String finishReason) {}

    /**
     * Completes a request.
     *
     * @param finishReason the finish reason, or null for {@code stop}, or {@code length} if max_tokens cut the content
     */
    Completion complete(ParsedChatBody request, StandInSettings.Answers answers, @Nullable String finishReason) {
        String content = ECHO + request.text();
        Integer minTokens = answers.completionTokens();
        if (minTokens != null && minTokens > ParsedChatBody.tokens(content)) {
            content = ParsedChatBody.cutOrFill(content, minTokens);
        }
        int tokens = ParsedChatBody.tokens(content);
        Integer max = request.maxTokens();
        boolean cut = max != null && tokens > max;
        if (cut) {
            tokens = max;
            content = ParsedChatBody.cutOrFill(content, max);
        }
        String ownReason = cut ? "length" : "stop";
        return new Completion(content, tokens, finishReason == null ? ownReason : finishReason);
    }

    static int totalTokens(ParsedChatBody request, Completion completion) {
        return (int)
                Math.min(Integer.MAX_VALUE, request.promptTokens() + (long) request.choices() * completion.tokens());
    }

    ObjectNode json(ParsedChatBody request, Completion completion, StandInSettings.Answers answers, long epochSeconds) {
        ObjectNode root = JSON.createObjectNode();
        root.put("id", id()).put("object", "chat.completion").put("created", epochSeconds);
        root.put("model", request.model()).putArray("prompt");
        ArrayNode choices = root.putArray("choices");
        for (int index = 0; index < request.choices(); index++) {
            choice(choices.addObject(), index, completion, request.tool());
        }
        int total = totalTokens(request, completion);
        root.putObject("usage")
                .put("prompt_tokens", request.promptTokens())
                .put("completion_tokens", total - request.promptTokens())
                .put("total_tokens", total);
        if (!answers.warnings().isEmpty()) {
            ArrayNode warnings = root.putArray("warnings");
            answers.warnings().forEach(message -> warnings.addObject().put("message", message));
        }
        return root;
    }

    private void choice(ObjectNode choice, int index, Completion completion, @Nullable String tool) {
        choice.put("index", index).put("seed", random.nextLong() >>> 1).put("finish_reason", completion.finishReason());
        ObjectNode message = choice.putObject("message").put("role", "assistant");
        if (tool != null && completion.finishReason().equals(TOOL_CALLS)) {
            message.putNull("content");
            toolCall(message.putArray(TOOL_CALLS).addObject(), tool, completion);
        } else {
            message.put("content", completion.content()).putArray(TOOL_CALLS);
        }
        choice.putNull("logprobs");
    }

    private void toolCall(ObjectNode call, String tool, Completion completion) {
        String arguments =
                JSON.createObjectNode().put("said", completion.content()).toString();
        call.put("id", "call_" + letters()).put("type", "function");
        call.putObject("function").put("name", tool).put("arguments", arguments);
    }

    /** Returns an id in the shape of the API's own: letters and digits in three groups. */
    String id() {
        return "n%s-%s-%016x".formatted(letters(), letters(), random.nextLong());
    }

    private String letters() {
        return Long.toString(random.nextLong() >>> 29, 36);
    }

    /** Makes an answer of exactly {@code bytes} bytes by filling the content of {@code completion}. */
    static PlannedAnswer huge(ObjectNode completion, long bytes, Map<String, String> headers) {
        ObjectNode message = (ObjectNode) completion.at("/choices/0/message");
        message.put("content", FILLER_MARK);
        String json = completion.toString();
        int markIndex = json.indexOf("\"content\":\"" + FILLER_MARK) + "\"content\":\"".length();
        return PlannedAnswer.padded(
                json.substring(0, markIndex), json.substring(markIndex + FILLER_MARK.length()), bytes, headers);
    }
}
