package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes the server-sent events of streamed answers. The form is what the parsers of all known clients take: only
 * {@code data:} lines, no {@code id:} or {@code event:}, and never a key named {@code error}. Stateless.
 */
final class StreamEvents {
    private static final byte[] DONE = "data: [DONE]\n\n".getBytes(UTF_8);

    /** Keeps numbers as the API has written them. */
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private StreamEvents() {}

    /** Reads the JSON of a chunk. */
    static ObjectNode chunk(String json) {
        return (ObjectNode) MAPPER.readTree(json);
    }

    /**
     * Returns the event of a chunk.
     *
     * @param chunk is changed into the form that clients expect
     * @param includesUsage true if the client wants the usage, which is null in all chunks but the last
     */
    static byte[] event(ObjectNode chunk, boolean includesUsage) {
        for (JsonNode choice : chunk.path("choices").values()) {
            // Strict clients know no other words. Together says eos where a model has ended by itself.
            if (choice.path("finish_reason").stringValue("").equals("eos")) {
                ((ObjectNode) choice).put("finish_reason", "stop");
            }
        }
        if (includesUsage) {
            chunk.putNull("usage");
        }
        return data(MAPPER.writeValueAsString(chunk));
    }

    /**
     * Returns the events that end a stream as a whole.
     *
     * @param last any chunk of the stream
     * @param reply the body of the reply, which has the usage
     */
    static byte[] end(ObjectNode last, byte[] reply, boolean includesUsage) {
        ByteArrayOutputStream events = new ByteArrayOutputStream();
        JsonNode usage = includesUsage ? usage(reply) : MissingNode.getInstance();
        if (usage.isObject()) {
            ObjectNode chunk = last.deepCopy();
            chunk.putArray("choices");
            chunk.set("usage", usage);
            events.writeBytes(data(MAPPER.writeValueAsString(chunk)));
        }
        events.writeBytes(DONE);
        return events.toByteArray();
    }

    private static JsonNode usage(byte[] reply) {
        try {
            return MAPPER.readTree(reply).path("usage");
        } catch (JacksonException e) {
            return MissingNode.getInstance(); // chunks were made of it, so it has been JSON
        }
    }

    private static byte[] data(String json) {
        return ("data: " + json + "\n\n").getBytes(UTF_8);
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
