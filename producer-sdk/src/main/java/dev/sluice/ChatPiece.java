package dev.sluice;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A piece of a streamed answer. Most pieces have a few characters of text, and others have a piece of a tool call or
 * why a choice has ended. The texts of all pieces of a choice, one after another, are its text. A piece is immutable
 * and thread-safe.
 */
public final class ChatPiece {
    private final ObjectNode chunk;
    private final JsonNode choice;

    /**
     * A piece of a tool call. The arguments of all pieces with one index, one after another, are those of the call.
     *
     * @param index the call among those of its choice, from 0 on
     * @param id the id of the call; in its first piece as a rule
     * @param name the function to call; in its first piece as a rule
     * @param arguments the next characters of the arguments, which together are JSON
     */
    public record ToolCallPiece(int index, Optional<String> id, Optional<String> name, String arguments) {}

    /** Takes over a chunk of one choice. */
    ChatPiece(ObjectNode chunk) {
        this.chunk = chunk;
        this.choice = chunk.path("choices").path(0);
    }

    /** Returns the index of the choice that this belongs to. It is 0 unless the request asks for several choices. */
    public int choice() {
        return choice.path("index").asInt(0);
    }

    /** Returns the next characters of the content. It is the empty string if the piece has something else. */
    public String text() {
        return text("content");
    }

    /** Returns the next characters of the reasoning. It is the empty string if the piece has something else. */
    public String reasoning() {
        String reasoning = text("reasoning");
        return reasoning.isEmpty() ? text("reasoning_content") : reasoning;
    }

    /** Returns the next characters of the refusal. It is the empty string if the piece has something else. */
    public String refusal() {
        return text("refusal");
    }

    private String text(String field) {
        return choice.path("delta").path(field).stringValue("");
    }

    /** Returns the pieces of tool calls. */
    public List<ToolCallPiece> toolCalls() {
        List<ToolCallPiece> calls = new ArrayList<>();
        for (JsonNode call : choice.path("delta").path("tool_calls").values()) {
            JsonNode function = call.path("function");
            calls.add(new ToolCallPiece(
                    call.path("index").asInt(0),
                    optional(call.path("id").stringValue(null)),
                    optional(function.path("name").stringValue(null)),
                    function.path("arguments").stringValue("")));
        }
        return List.copyOf(calls);
    }

    private static Optional<String> optional(@Nullable String text) {
        return Optional.ofNullable(text);
    }

    /**
     * Returns why the choice has ended, for example {@code stop} or {@code length}. Only the last piece of each choice
     * has it, once the reply is committed.
     */
    public Optional<String> finishReason() {
        return optional(choice.path("finish_reason").stringValue(null));
    }

    /**
     * Returns the piece as JSON in the API's form, a {@code chat.completion.chunk} with one choice. It has the fields
     * that the API has sent, but no {@code usage}, which is in the {@link ChatReply}.
     */
    public String json() {
        return JsonMapping.MAPPER.writeValueAsString(chunk);
    }

    /** Leaves out the text, because answers do not belong in logs. */
    @Override
    public String toString() {
        return "ChatPiece[choice=" + choice() + ", " + text().length() + " characters"
                + finishReason().map(reason -> ", finishReason=" + reason).orElse("") + "]";
    }
}
