package dev.sluice.gateway;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The body of a chat request without the fields that ask for a stream. The queue's reply is one record, and the door
 * makes the stream from it. All other fields stay byte for byte.
 *
 * @param json the body to publish
 * @param isStream true if the client wants a stream
 * @param includesUsage true if the client wants the usage in its stream
 */
@SuppressWarnings("ArrayRecordComponent")
record ChatBody(byte[] json, boolean isStream, boolean includesUsage) {
    private static final JsonMapper MAPPER = JsonMapper.shared();

    /** Reads a body. What is no JSON object is returned as it is, since the queue's own check explains it. */
    static ChatBody of(byte[] json) {
        try {
            JsonNode root = MAPPER.readTree(json);
            if (!root.isObject() || !(root.has("stream") || root.has("stream_options"))) {
                return new ChatBody(json, false, false);
            }
            boolean isStream = root.path("stream").booleanValue(false);
            boolean usage = root.path("stream_options").path("include_usage").booleanValue(false);
            return new ChatBody(withoutStreamFields(json), isStream, isStream && usage);
        } catch (JacksonException e) {
            return new ChatBody(json, false, false);
        }
    }

    private static byte[] withoutStreamFields(byte[] json) {
        List<Integer> starts = new ArrayList<>();
        List<Boolean> kept = new ArrayList<>();
        int end = fields(json, starts, kept);
        ByteArrayOutputStream result = new ByteArrayOutputStream(json.length);
        result.write('{');
        for (int i = 0; i < starts.size(); i++) {
            if (kept.get(i)) {
                if (result.size() > 1) {
                    result.write(',');
                }
                int next = i + 1 < starts.size() ? starts.get(i + 1) : end;
                result.write(json, starts.get(i), endOfValue(json, next) - starts.get(i));
            }
        }
        result.write('}');
        return result.toByteArray();
    }

    /** Adds where each field of the object begins and whether it stays. Returns where the object ends. */
    private static int fields(byte[] json, List<Integer> starts, List<Boolean> kept) {
        try (JsonParser parser = MAPPER.createParser(json)) {
            parser.nextToken();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                starts.add((int) parser.currentTokenLocation().getByteOffset());
                String name = parser.currentName();
                kept.add(!name.equals("stream") && !name.equals("stream_options"));
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
