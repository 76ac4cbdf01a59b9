package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes the server-sent events of a chat completion from its whole reply. The form is what the parsers of all known
 * clients take: only {@code data:} lines, no {@code id:} or {@code event:}, and never a key named {@code error}.
 */
final class CompletionStream {
    /** The largest piece of text in one event, in characters. */
    private static final int PIECE = 8 * 1024;

    private static final byte[] DONE = "data: [DONE]\n\n".getBytes(UTF_8);
    private static final JsonMapper MAPPER = JsonMapper.shared();

    private final JsonNode reply;
    private final boolean includesUsage;
    private final ByteArrayOutputStream events = new ByteArrayOutputStream();

    private CompletionStream(JsonNode reply, boolean includesUsage) {
        this.reply = reply;
        this.includesUsage = includesUsage;
    }

    /** Returns the events of a reply, or null if the reply is no completion that a stream can be made from. */
    static byte @Nullable [] of(byte[] body, boolean includesUsage) {
        JsonNode reply;
        try {
            reply = MAPPER.readTree(body);
        } catch (JacksonException e) {
            return null;
        }
        return reply.path("choices").isArray() ? new CompletionStream(reply, includesUsage).write() : null;
    }

    private byte[] write() {
        for (JsonNode choice : reply.path("choices").values()) {
            write(choice);
        }
        JsonNode usage = reply.path("usage");
        if (includesUsage && usage.isObject()) {
            ObjectNode chunk = chunk();
            chunk.putArray("choices");
            chunk.set("usage", usage);
            event(chunk);
        }
        events.writeBytes(DONE);
        return events.toByteArray();
    }

    private void write(JsonNode choice) {
        JsonNode message = choice.path("message");
        ObjectNode first = MAPPER.createObjectNode();
        first.put("role", message.path("role").asString("assistant"));
        first.put("content", "");
        delta(choice, first, null);
        text(choice, "reasoning");
        text(choice, "reasoning_content");
        text(choice, "content");
        text(choice, "refusal");
        int index = 0;
        for (JsonNode call : message.path("tool_calls").values()) {
            delta(choice, toolCall(call, index++), null);
        }
        delta(choice, MAPPER.createObjectNode(), finishReason(choice));
    }

    private void text(JsonNode choice, String field) {
        JsonNode value = choice.path("message").path(field);
        if (value.isString()) {
            for (String piece : pieces(value.stringValue())) {
                delta(choice, MAPPER.createObjectNode().put(field, piece), null);
            }
        }
    }

    /** Cuts between code points, since half a surrogate pair is no text. */
    private static List<String> pieces(String text) {
        List<String> pieces = new ArrayList<>();
        int begin = 0;
        while (begin < text.length()) {
            int end = Math.min(text.length(), begin + PIECE);
            if (end < text.length() && Character.isHighSurrogate(text.charAt(end - 1))) {
                end--;
            }
            pieces.add(text.substring(begin, end));
            begin = end;
        }
        return pieces;
    }

    private static ObjectNode toolCall(JsonNode call, int index) {
        ObjectNode indexed = MAPPER.createObjectNode();
        indexed.put("index", index);
        call.properties().forEach(field -> indexed.set(field.getKey(), field.getValue()));
        ObjectNode delta = MAPPER.createObjectNode();
        delta.putArray("tool_calls").add(indexed);
        return delta;
    }

    /** Strict clients know no other words. Together says {@code eos} where a model has ended by itself. */
    private static String finishReason(JsonNode choice) {
        String reason = choice.path("finish_reason").asString("stop");
        return reason.isEmpty() || reason.equals("eos") ? "stop" : reason;
    }

    private void delta(JsonNode choice, ObjectNode delta, @Nullable String finishReason) {
        ObjectNode chunk = chunk();
        ArrayNode choices = chunk.putArray("choices");
        ObjectNode only = choices.addObject();
        only.put("index", choice.path("index").asInt(0));
        only.set("delta", delta);
        only.put("finish_reason", finishReason);
        if (finishReason != null && choice.hasNonNull("logprobs")) {
            only.set("logprobs", choice.get("logprobs"));
        }
        if (includesUsage) {
            chunk.putNull("usage");
        }
        event(chunk);
    }

    private ObjectNode chunk() {
        ObjectNode chunk = MAPPER.createObjectNode();
        chunk.put("id", reply.path("id").asString(""));
        chunk.put("object", "chat.completion.chunk");
        chunk.put("created", reply.path("created").asLong(0));
        chunk.put("model", reply.path("model").asString(""));
        if (reply.path("system_fingerprint").isString()) {
            chunk.set("system_fingerprint", reply.get("system_fingerprint"));
        }
        return chunk;
    }

    private void event(ObjectNode chunk) {
        events.writeBytes("data: ".getBytes(UTF_8));
        events.writeBytes(MAPPER.writeValueAsBytes(chunk));
        events.writeBytes("\n\n".getBytes(UTF_8));
    }

    /**
     * Returns the events that end a stream whose head was sent already. OpenAI's clients raise on the first form, and
     * LangChain4j on the second only. There is no {@code [DONE]}.
     */
    static byte[] failure(HttpAnswer error) {
        ByteArrayOutputStream events = new ByteArrayOutputStream();
        for (String prefix : List.of("data: ", "event: error\ndata: ")) {
            events.writeBytes(prefix.getBytes(UTF_8));
            events.writeBytes(oneLine(error.body()));
            events.writeBytes("\n\n".getBytes(UTF_8));
        }
        return events.toByteArray();
    }

    /** Returns JSON without line ends, which stand between its words only. */
    private static byte[] oneLine(byte[] json) {
        byte[] line = json.clone();
        for (int i = 0; i < line.length; i++) {
            if (line[i] == '\n' || line[i] == '\r') {
                line[i] = ' ';
            }
        }
        return line;
    }
}
