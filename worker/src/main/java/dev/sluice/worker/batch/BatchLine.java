package dev.sluice.worker.batch;

import dev.sluice.ChatRequest;
import dev.sluice.InvalidChatRequestException;
import dev.sluice.JsonRequestBuilder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.json.JsonMapper;

/**
 * One request of a batch, in the form of the providers' batch APIs: {@code {"custom_id":"a","body":{…}}}. The fields
 * {@code method} and {@code url} are optional and must name what the queue does anyway.
 *
 * @param number the line's number in its file, from 1
 * @param customId the name by which the answer is matched to its request
 * @param model the model that the body names
 * @param body the API's request body, which has the same bytes in UTF-8 as in the file
 */
public record BatchLine(int number, String customId, String model, String body) {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();
    /** The room for the other fields of a line, which may be those of another tool. */
    private static final long ROOM_BESIDE_BODY = 1 << 20;

    private static final String FORM = "; write {\"custom_id\":\"…\",\"body\":{…}} on one line";
    /** Jackson's words about the place of an error, which say nothing about a single line. */
    private static final Pattern PLACE = Pattern.compile(" ?\\(start marker at .*");

    /**
     * Reads a line. A line that is a request itself, as it would be published, is named after its number.
     *
     * @param line the bytes of the line, or null if it was too long to be read
     * @param maxBodyBytes the largest body
     * @throws LineProblem.BadLineException if the line is wrong; the message names everything that is wrong with it
     */
    static BatchLine parse(int number, byte @Nullable [] line, int maxBodyBytes) {
        if (line == null) {
            throw new LineProblem.BadLineException(
                    LineProblem.INVALID_REQUEST,
                    "is longer than " + lineBytes(maxBodyBytes) + " bytes; " + tooLarge(maxBodyBytes));
        }
        Fields fields = new Fields(number, maxBodyBytes);
        try (JsonParser parser = MAPPER.createParser(line)) {
            fields.read(parser, line);
        } catch (JacksonException e) {
            String problem =
                    PLACE.matcher(String.valueOf(e.getOriginalMessage())).replaceFirst("");
            throw new LineProblem.BadLineException(LineProblem.INVALID_JSON, "is no JSON: " + problem + FORM);
        }
        fields.check();
        return new BatchLine(number, String.valueOf(fields.customId), fields.model, fields.requiredBody());
    }

    /** Returns the custom id of a line that {@link #parse} has taken before. */
    static String customId(int number, byte[] line) {
        try (JsonParser parser = MAPPER.createParser(line)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = parser.currentName();
                if (parser.nextToken() == JsonToken.VALUE_STRING && name.equals("custom_id")) {
                    return parser.getString();
                }
                parser.skipChildren();
            }
            return nameOf(number);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("is no JSON", e);
        }
    }

    /** Returns the name of a line that is a request itself. */
    private static String nameOf(int number) {
        return "line-" + number;
    }

    /** Returns the length of the longest line whose body may still be small enough. */
    static int lineBytes(int maxBodyBytes) {
        return (int) Math.min(LineReader.MAX_BYTES, maxBodyBytes + ROOM_BESIDE_BODY);
    }

    private static String tooLarge(int maxBodyBytes) {
        return "a body may have " + maxBodyBytes + " (--max-request-bytes)";
    }

    /** Returns the request to publish. Its body has been checked already. */
    public JsonRequestBuilder request(String id) {
        return ChatRequest.jsonBuilder(body).id(id);
    }

    /** The fields that were found on the line so far, and their problems. */
    private static final class Fields {
        private final int number;
        private final int maxBodyBytes;
        private final List<String> problems = new ArrayList<>();
        private String code = LineProblem.INVALID_REQUEST;
        private @Nullable String customId;
        private @Nullable String body;
        private String model = "";
        private boolean hasMessages;

        Fields(int number, int maxBodyBytes) {
            this.number = number;
            this.maxBodyBytes = maxBodyBytes;
        }

        void read(JsonParser parser, byte[] line) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new LineProblem.BadLineException(LineProblem.INVALID_JSON, "is no JSON object" + FORM);
            }
            int start = (int) parser.currentTokenLocation().getByteOffset();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                parser.nextToken();
                readValue(name, parser, line);
            }
            int end = (int) parser.currentLocation().getByteOffset();
            if (parser.nextToken() != null) {
                problems.add("has something after the JSON object");
            }
            if (customId == null && body == null && hasMessages) {
                customId = nameOf(number);
                checkBody(Arrays.copyOfRange(line, start, end));
            }
        }

        private void readValue(String name, JsonParser parser, byte[] line) {
            int start = (int) parser.currentTokenLocation().getByteOffset();
            boolean isText = parser.currentToken() == JsonToken.VALUE_STRING;
            String text = isText ? parser.getString() : "";
            boolean isObject = parser.currentToken() == JsonToken.START_OBJECT;
            parser.skipChildren();
            switch (name) {
                case "custom_id" -> {
                    require(customId == null, "custom_id is there twice");
                    customId = text;
                }
                case "messages" -> hasMessages = true;
                case "body" -> {
                    require(body == null, "body is there twice");
                    if (isObject) {
                        checkBody(Arrays.copyOfRange(
                                line, start, (int) parser.currentLocation().getByteOffset()));
                    }
                }
                case "method" -> require(text.equals("POST"), "method must be \"POST\" or left out");
                case "url" -> {
                    if (!text.endsWith("/chat/completions")) {
                        code = LineProblem.URL_MISMATCH;
                        problems.add("url must be \"/v1/chat/completions\" or left out");
                    }
                }
                default -> {
                    // other fields of a batch file are ignored
                }
            }
        }

        void check() {
            require(customId != null && !customId.isBlank(), "custom_id must be a text that is not empty");
            require(body != null, "body must be a JSON object");
            if (!problems.isEmpty()) {
                throw new LineProblem.BadLineException(code, String.join("; ", problems));
            }
        }

        private void checkBody(byte[] found) {
            body = new String(found, StandardCharsets.UTF_8);
            require(found.length <= maxBodyBytes, "body has " + found.length + " bytes; " + tooLarge(maxBodyBytes));
            try {
                model = ChatRequest.ofJson(found).model();
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
