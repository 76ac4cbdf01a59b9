package dev.sluice;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes the body of a chat request ask for a stream with usage in it. All fields but {@code stream} and
 * {@code stream_options} stay byte for byte. Stateless.
 */
final class StreamBody {
    private static final String STREAM = "stream";
    private static final String OPTIONS = "stream_options";
    private static final String INCLUDE_USAGE = "include_usage";

    private StreamBody() {}

    /** Returns the body if it asks for all of that already, else one that does. The body has to be a JSON object. */
    static byte[] of(byte[] json) {
        JsonNode root = JsonMapping.MAPPER.readTree(json);
        JsonNode options = root.path(OPTIONS);
        if (root.path(STREAM).booleanValue(false) && options.path(INCLUDE_USAGE).booleanValue(false)) {
            return json;
        }
        ObjectNode asked = JsonMapping.MAPPER.createObjectNode();
        if (options instanceof ObjectNode own) {
            asked.setAll(own);
        }
        asked.put(INCLUDE_USAGE, true);
        return with("{\"stream\":true,\"stream_options\":" + asked, json);
    }

    private static byte[] with(String beginning, byte[] json) {
        List<Integer> starts = new ArrayList<>();
        List<Boolean> kept = new ArrayList<>();
        int end = fields(json, starts, kept);
        ByteArrayOutputStream result = new ByteArrayOutputStream(json.length + beginning.length());
        result.writeBytes(beginning.getBytes(UTF_8));
        for (int i = 0; i < starts.size(); i++) {
            if (kept.get(i)) {
                int next = i + 1 < starts.size() ? starts.get(i + 1) : end;
                result.write(',');
                result.write(json, starts.get(i), endOfValue(json, next) - starts.get(i));
            }
        }
        result.write('}');
        return result.toByteArray();
    }

    /** Adds where each field of the object begins and whether it stays. Returns where the object ends. */
    private static int fields(byte[] json, List<Integer> starts, List<Boolean> kept) {
        try (JsonParser parser = JsonMapping.MAPPER.createParser(json)) {
            parser.nextToken();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                starts.add((int) parser.currentTokenLocation().getByteOffset());
                String name = parser.currentName();
                kept.add(!name.equals(STREAM) && !name.equals(OPTIONS));
                parser.nextToken();
                parser.skipChildren();
            }
            return (int) parser.currentTokenLocation().getByteOffset();
        }
    }

    /** Returns the end of the value before this place: between them are white space and a comma. */
    private static int endOfValue(byte[] json, int next) {
        int end = next;
        while ((json[end - 1] <= ' ' && json[end - 1] >= 0) || json[end - 1] == ',') {
            end--;
        }
        return end;
    }
}
