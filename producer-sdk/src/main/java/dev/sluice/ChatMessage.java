package dev.sluice;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A message of a conversation. It is immutable. {@link #with} adds fields that have no factory here as raw JSON.
 *
 * @param role {@code system}, {@code user}, {@code assistant}, {@code tool}, or another role that the model knows
 * @param text the content as text, or null if {@code json} has the content or the message has none
 * @param json further fields by name, in this order; each value is one JSON value
 */
public record ChatMessage(String role, @Nullable String text, Map<String, String> json) {
    public ChatMessage {
        json = Collections.unmodifiableMap(new LinkedHashMap<>(json));
    }

    /** Makes a system message. */
    public static ChatMessage system(String text) {
        return new ChatMessage("system", text, Map.of());
    }

    /** Makes a user message. */
    public static ChatMessage user(String text) {
        return new ChatMessage("user", text, Map.of());
    }

    /**
     * Makes a user message of several parts, such as text and images.
     *
     * @param partsJson a JSON array of content parts, for example {@code
     *     [{"type":"image_url","image_url":{"url":"https://…"}}]}
     */
    public static ChatMessage userParts(String partsJson) {
        return new ChatMessage("user", null, Map.of("content", partsJson));
    }

    /** Makes a message that repeats an earlier answer of the assistant. */
    public static ChatMessage assistant(String text) {
        return new ChatMessage("assistant", text, Map.of());
    }

    /**
     * Repeats the tool calls that the assistant made earlier. Pass {@code toolCallsJson} as
     * {@link ChatReply#toolCalls()} returned it.
     */
    public static ChatMessage assistantToolCalls(String toolCallsJson) {
        return new ChatMessage("assistant", null, Map.of())
                .with("content", "null")
                .with("tool_calls", toolCallsJson);
    }

    /** Makes a tool's result for the call {@code toolCallId}. */
    public static ChatMessage tool(String toolCallId, String text) {
        return new ChatMessage("tool", text, Map.of("tool_call_id", JsonMapping.quote(toolCallId)));
    }

    /**
     * Returns the same message with one more field. It replaces a field of the same name.
     *
     * @param value one JSON value
     */
    public ChatMessage with(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(json);
        more.put(name, value);
        return new ChatMessage(role, text, more);
    }

    /** Leaves out the content, because prompts do not belong in logs. */
    @Override
    public String toString() {
        return "ChatMessage[" + role + "]";
    }
}
