package dev.sluice;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One message of a conversation. Immutable. What has no factory here, give as raw JSON with {@link #with}.
 *
 * @param role {@code system}, {@code user}, {@code assistant}, {@code tool}, or what else the model knows
 * @param text the content as text; null where {@code json} has the content, or where there is none
 * @param json further fields by name, each value one JSON value; kept in this order
 */
public record ChatMessage(String role, @Nullable String text, Map<String, String> json) {
    public ChatMessage {
        json = Collections.unmodifiableMap(new LinkedHashMap<>(json));
    }

    public static ChatMessage system(String text) {
        return new ChatMessage("system", text, Map.of());
    }

    public static ChatMessage user(String text) {
        return new ChatMessage("user", text, Map.of());
    }

    /**
     * A user's message of several parts, such as text and images.
     *
     * @param partsJson a JSON array of content parts, for example
     *     {@code [{"type":"image_url","image_url":{"url":"https://…"}}]}
     */
    public static ChatMessage userParts(String partsJson) {
        return new ChatMessage("user", null, Map.of("content", partsJson));
    }

    public static ChatMessage assistant(String text) {
        return new ChatMessage("assistant", text, Map.of());
    }

    /** What the assistant asked for earlier: {@code toolCallsJson} as it came out of {@link ChatReply#toolCalls()}. */
    public static ChatMessage assistantToolCalls(String toolCallsJson) {
        return new ChatMessage("assistant", null, Map.of())
                .with("content", "null")
                .with("tool_calls", toolCallsJson);
    }

    /** A tool's result for the call {@code toolCallId}. */
    public static ChatMessage tool(String toolCallId, String text) {
        return new ChatMessage("tool", text, Map.of("tool_call_id", JsonMapping.quote(toolCallId)));
    }

    /** The same message with one more field; {@code value} is one JSON value. Replaces a field of that name. */
    public ChatMessage with(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(json);
        more.put(name, value);
        return new ChatMessage(role, text, more);
    }

    /** Says nothing of the content: prompts do not belong in logs. */
    @Override
    public String toString() {
        return "ChatMessage[" + role + "]";
    }
}
