package dev.sluice.worker.batch;

import dev.sluice.ChatQueueBuilder;
import dev.sluice.ChatRequest;
import dev.sluice.InvalidChatRequestException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * One request of a batch, in the form of the providers' batch APIs: {@code {"custom_id":"a","body":{…}}}. The fields
 * {@code method} and {@code url} are optional and must name what the queue does anyway.
 *
 * @param number the line's number in its file, from 1
 * @param customId the name by which the answer is matched to its request
 * @param body the API's request body, which has the same bytes in UTF-8 as in the file
 */
public record BatchLine(int number, String customId, String body) {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /**
     * Reads a line.
     *
     * @param line the bytes of the line, or null if it was too long to be read
     * @throws IllegalArgumentException if the line is wrong; the message names everything that is wrong with it
     */
    static BatchLine parse(int number, byte @Nullable [] line) {
        if (line == null) {
            throw new IllegalArgumentException("is longer than " + LineReader.MAX_BYTES + " bytes");
        }
        Fields fields = new Fields();
        try (JsonParser parser = MAPPER.createParser(line)) {
            fields.read(parser, line);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("is no JSON: " + e.getOriginalMessage(), e);
        }
        fields.check();
        return new BatchLine(number, String.valueOf(fields.customId), fields.requiredBody());
    }

    /** Returns the request to publish, which has been checked already. */
    public ChatRequest request(String id) {
        return ChatRequest.jsonBuilder(body).id(id).build();
    }

    /** The fields that were found on the line so far, and their problems. */
    private static final class Fields {
        private final List<String> problems = new ArrayList<>();
        private @Nullable String customId;
        private @Nullable String body;

        void read(JsonParser parser, byte[] line) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IllegalArgumentException("is no JSON object");
            }
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                parser.nextToken();
                readValue(name, parser, line);
            }
            if (parser.nextToken() != null) {
                problems.add("has something after the JSON object");
            }
        }

        private void readValue(String name, JsonParser parser, byte[] line) {
            int start = (int) parser.currentTokenLocation().getByteOffset();
            boolean isText = parser.currentToken() == JsonToken.VALUE_STRING;
            String text = isText ? parser.getString() : "";
            boolean isObject = parser.currentToken() == JsonToken.START_OBJECT;
            parser.skipChildren();
            switch (name) {
                case "custom_id" -> customId = text;
                case "body" -> {
                    if (isObject) {
                        checkBody(Arrays.copyOfRange(
                                line, start, (int) parser.currentLocation().getByteOffset()));
                    }
                }
                case "method" -> require(text.equals("POST"), "method must be \"POST\" or left out");
                case "url" ->
                    require(text.endsWith("/chat/completions"), "url must be \"/v1/chat/completions\" or left out");
                default -> {
                    // other fields of a batch file are ignored
                }
            }
        }

        void check() {
            require(customId != null && !customId.isBlank(), "custom_id must be a text that is not empty");
            require(body != null, "body must be a JSON object");
            if (!problems.isEmpty()) {
                throw new IllegalArgumentException(String.join("; ", problems));
            }
        }

        private void checkBody(byte[] found) {
            body = new String(found, StandardCharsets.UTF_8);
            require(
                    found.length <= ChatQueueBuilder.DEFAULT_MAX_BODY_BYTES,
                    "body has " + found.length + " bytes; the queue takes up to "
                            + ChatQueueBuilder.DEFAULT_MAX_BODY_BYTES);
            try {
                ChatRequest.ofJson(found);
            } catch (InvalidChatRequestException e) {
                problems.add(
                        e.problems().stream().map(problem -> "body." + problem).collect(Collectors.joining("; ")));
            }
        }

        String requiredBody() {
            if (body == null) {
                throw new IllegalStateException("not checked");
            }
            return body;
        }

        private void require(boolean holds, String problem) {
            if (!holds) {
                problems.add(problem);
            }
        }
    }
}
