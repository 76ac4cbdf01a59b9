package dev.sluice.stream;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;

/** Reads and writes the JSON of chunks. Numbers stay as they are, and so do halves of surrogate pairs. Thread-safe. */
final class ChunkJson {
    static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxStringLength(Integer.MAX_VALUE)
                            .build())
                    .build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private ChunkJson() {}

    /**
     * Returns JSON in UTF-8, which has no form for half a surrogate pair. Such a half stands in a text, so it can be
     * escaped.
     */
    static byte[] bytes(JsonNode json) {
        String text = MAPPER.writeValueAsString(json);
        int half = nextHalf(text, 0);
        if (half == text.length()) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        ByteArrayOutputStream escaped = new ByteArrayOutputStream(text.length() + 16);
        int begin = 0;
        while (half < text.length()) {
            escaped.writeBytes(text.substring(begin, half).getBytes(StandardCharsets.UTF_8));
            String escape = String.format(Locale.ROOT, "\\u%04x", (int) text.charAt(half));
            escaped.writeBytes(escape.getBytes(StandardCharsets.UTF_8));
            begin = half + 1;
            half = nextHalf(text, begin);
        }
        escaped.writeBytes(text.substring(begin).getBytes(StandardCharsets.UTF_8));
        return escaped.toByteArray();
    }

    /** Returns the place of the next surrogate without its other half, or the length of the text if there is none. */
    private static int nextHalf(String text, int from) {
        int i = from;
        while (i < text.length()) {
            if (!Character.isSurrogate(text.charAt(i))) {
                i++;
            } else if (i + 1 < text.length() && Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1))) {
                i += 2;
            } else {
                return i;
            }
        }
        return i;
    }
}
