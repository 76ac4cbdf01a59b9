package dev.sluice.worker.provider;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * The fields of an answer that its outcome and the pace depend on, of a completion as well as of an error.
 *
 * @param hasChoices true if the body is one JSON object with at least one choice
 * @param hasUsableChoice true if a choice says something: content, a tool call, a refusal or reasoning
 * @param error the error in the API's own form; see {@link #error(int)}
 * @param detail the text of a top-level {@code detail}, which is the API's own form with two statuses only
 * @param statusInside the HTTP status that an error object names in its {@code code} or {@code status}
 * @param words the first words of an answer that is not in the API's form, for people; empty if there are none
 * @param usage the tokens that the call cost; empty if the answer does not say
 */
public record CompletionBody(
        boolean hasChoices,
        boolean hasUsableChoice,
        Optional<ApiError> error,
        Optional<String> detail,
        OptionalInt statusInside,
        String words,
        Optional<TokenUsage> usage) {
    /** A larger number is no count of tokens. No model's context holds more, and the lane would be in debt for long. */
    private static final int MAX_TOKENS = 10_000_000;

    private static final int MAX_WORDS = 300;
    /** The part of a foreign text that is looked at. Its first words are in there, even behind a style sheet. */
    private static final int MAX_FOREIGN_BYTES = 16 << 10;

    private static final Pattern UNREADABLE = Pattern.compile("(?is)<(style|script)\\b.*?(?:</\\1\\s*>|$)");
    private static final Pattern TAG = Pattern.compile("<[^<>]*>");
    private static final Pattern SPACE = Pattern.compile("[\\s\\p{Cc}\\p{Cf}\\u2028\\u2029]+");

    /** Reads a body in one streaming pass. */
    public static CompletionBody read(byte[] body) {
        try (JsonParser parser = StreamingJson.parser(body)) {
            return parser.nextToken() == JsonToken.START_OBJECT ? new Fields().read(parser, body) : foreign(body);
        } catch (JacksonException e) {
            return foreign(body);
        }
    }

    /**
     * Returns true if a body that need not be JSON names choices near its beginning: a completion that was cut, that
     * is empty, or that came as a stream. The API has worked on it.
     */
    public static boolean mentionsChoices(byte[] body) {
        return beginning(body).contains("\"choices\"");
    }

    /** Returns what is known of a body that is not one JSON object. */
    private static CompletionBody foreign(byte[] body) {
        return new CompletionBody(
                false, false, Optional.empty(), Optional.empty(), OptionalInt.empty(), text(body), Optional.empty());
    }

    private static String text(byte[] body) {
        String readable = UNREADABLE.matcher(beginning(body)).replaceAll(" ");
        return shortened(TAG.matcher(readable).replaceAll(" "));
    }

    private static String beginning(byte[] body) {
        return new String(body, 0, Math.min(body.length, MAX_FOREIGN_BYTES), StandardCharsets.UTF_8);
    }

    private static String shortened(String text) {
        String line = SPACE.matcher(text).replaceAll(" ").strip();
        return line.length() <= MAX_WORDS ? line : line.substring(0, MAX_WORDS);
    }

    /**
     * Returns the error if the answer is in the API's own form: an {@code error} object or text, a top level with
     * {@code "object":"error"} as vLLM has it, or a {@code detail} with 400 or 422 as FastAPI has it. An answer of a
     * proxy or an edge is in none of these forms, even if it is JSON: {@code {"message":"Forbidden"}}, problem details
     * (RFC 9457), or the error pages of web frameworks.
     */
    public Optional<ApiError> error(int status) {
        if (error.isEmpty() && (status == 400 || status == 422)) {
            return detail.map(text -> new ApiError(text, "", "", ""));
        }
        return error;
    }

    /**
     * Returns the unit whose limit a 429 says was exceeded. The types are words such as {@code dynamic_token_limited}.
     * Requests are assumed if the type names no unit.
     */
    public LimitUnit exceededUnit() {
        String type =
                error.map(said -> said.type() + " " + said.code()).orElse("").toLowerCase(Locale.ROOT);
        return type.contains("token") || type.contains("tpm") ? LimitUnit.TOKENS : LimitUnit.REQUESTS;
    }

    private static final class Fields {
        private boolean choices;
        private boolean usableChoice;
        private boolean errorObject;
        private @Nullable String errorText;
        private boolean isErrorItself;
        /** True if the top level has a field that only error pages of proxies and web frameworks have. */
        private boolean isErrorPage;

        private @Nullable String message;
        private @Nullable String type;
        private @Nullable String code;
        private @Nullable String param;
        private @Nullable String typeBeside;
        private @Nullable String topMessage;
        private @Nullable String topType;
        private @Nullable String topCode;
        private @Nullable String topParam;
        private @Nullable String title;
        private @Nullable String detail;
        private int statusInside;
        private long promptTokens;
        private long completionTokens;
        private long totalTokens;

        CompletionBody read(JsonParser parser, byte[] body) {
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                switch (name) {
                    case "choices" -> choices(parser, value);
                    case "error" -> error(parser, value);
                    case "error_type" -> typeBeside = text(parser, value);
                    case "usage" -> usage(parser, value);
                    case "object" -> isErrorItself = "error".equals(text(parser, value));
                    case "message" -> topMessage = text(parser, value);
                    case "type" -> topType = text(parser, value);
                    case "code" -> topCode = word(parser, value);
                    case "param" -> topParam = text(parser, value);
                    case "title" -> title = text(parser, value);
                    case "detail" -> detail = detail(parser, value);
                    case "status", "statusCode", "timestamp", "path", "instance" -> {
                        isErrorPage = true;
                        parser.skipChildren();
                    }
                    default -> parser.skipChildren();
                }
            }
            return parser.nextToken() == null ? whole() : foreign(body);
        }

        private CompletionBody whole() {
            Optional<ApiError> error = ownError();
            // Problem details (RFC 9457) may have a detail, too; FastAPI has nothing else.
            boolean isDetail = detail != null && title == null && topType == null && !isErrorPage;
            if (isErrorItself) {
                statusInside = Math.max(statusInside, status(topCode));
            }
            return new CompletionBody(
                    choices,
                    usableChoice,
                    error,
                    isDetail ? Optional.of(orEmpty(detail)) : Optional.empty(),
                    statusInside > 0 ? OptionalInt.of(statusInside) : OptionalInt.empty(),
                    error.isPresent() ? "" : foreignWords(),
                    usage());
        }

        private Optional<ApiError> ownError() {
            if (errorObject) {
                String ownType = type != null ? type : typeBeside;
                return Optional.of(new ApiError(orEmpty(message), orEmpty(ownType), orEmpty(code), orEmpty(param)));
            }
            if (errorText != null && !isErrorPage) {
                return Optional.of(new ApiError(errorText, orEmpty(typeBeside), orEmpty(topCode), orEmpty(topParam)));
            }
            if (isErrorItself) {
                return Optional.of(
                        new ApiError(orEmpty(topMessage), orEmpty(topType), orEmpty(topCode), orEmpty(topParam)));
            }
            return Optional.empty();
        }

        private String foreignWords() {
            StringBuilder words = new StringBuilder();
            for (String part : new @Nullable String[] {title, detail, topMessage, errorText}) {
                if (part != null && !part.isBlank()) {
                    words.append(words.isEmpty() ? "" : ": ").append(part);
                }
            }
            return shortened(words.toString());
        }

        private static String orEmpty(@Nullable String text) {
            return text == null ? "" : text;
        }

        private void usage(JsonParser parser, JsonToken value) {
            if (value != JsonToken.START_OBJECT) {
                parser.skipChildren();
                return;
            }
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                JsonToken field = parser.nextToken();
                switch (name) {
                    case "prompt_tokens" -> promptTokens = count(parser, field);
                    case "completion_tokens" -> completionTokens = count(parser, field);
                    case "total_tokens" -> totalTokens = count(parser, field);
                    default -> parser.skipChildren();
                }
            }
        }

        private Optional<TokenUsage> usage() {
            // The total may hold more than its parts: some providers count reasoning apart.
            long completion = Math.max(completionTokens, totalTokens - promptTokens);
            return promptTokens + completion > 0
                    ? Optional.of(new TokenUsage(promptTokens, completion))
                    : Optional.empty();
        }

        private static long count(JsonParser parser, JsonToken value) {
            if (value != JsonToken.VALUE_NUMBER_INT || parser.getNumberType() != JsonParser.NumberType.INT) {
                parser.skipChildren();
                return 0;
            }
            int count = parser.getIntValue();
            return count < 0 || count > MAX_TOKENS ? 0 : count;
        }

        private void choices(JsonParser parser, JsonToken value) {
            if (value != JsonToken.START_ARRAY) {
                parser.skipChildren();
                return;
            }
            for (JsonToken choice = parser.nextToken(); choice != JsonToken.END_ARRAY; choice = parser.nextToken()) {
                choices = true;
                if (choice == JsonToken.START_OBJECT) {
                    choice(parser);
                } else {
                    parser.skipChildren();
                }
            }
        }

        private void choice(JsonParser parser) {
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                switch (name) {
                    case "message" -> message(parser, value);
                    case "text" -> usableChoice |= saysSomething(parser, value);
                    case "error" -> error(parser, value);
                    default -> parser.skipChildren();
                }
            }
        }

        private void message(JsonParser parser, JsonToken value) {
            if (value != JsonToken.START_OBJECT) {
                parser.skipChildren();
                return;
            }
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                JsonToken field = parser.nextToken();
                switch (name) {
                    case "content",
                            "tool_calls",
                            "function_call",
                            "refusal",
                            "reasoning",
                            "reasoning_content",
                            "audio" -> usableChoice |= saysSomething(parser, field);
                    default -> parser.skipChildren();
                }
            }
        }

        /** Reads a value and returns true if it is a text, an array or an object that is not empty. */
        private static boolean saysSomething(JsonParser parser, JsonToken value) {
            if (value == JsonToken.VALUE_STRING) {
                return parser.getStringLength() > 0;
            }
            if (value == JsonToken.START_ARRAY || value == JsonToken.START_OBJECT) {
                JsonToken end = value == JsonToken.START_ARRAY ? JsonToken.END_ARRAY : JsonToken.END_OBJECT;
                boolean isEmpty = true;
                while (parser.nextToken() != end) {
                    isEmpty = false;
                    parser.skipChildren();
                }
                return !isEmpty;
            }
            return false;
        }

        private void error(JsonParser parser, JsonToken value) {
            if (value == JsonToken.VALUE_STRING) {
                errorText = parser.getString();
            } else if (value == JsonToken.START_OBJECT) {
                errorObject = true;
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    errorField(name, parser, parser.nextToken());
                }
            } else {
                parser.skipChildren();
            }
        }

        private void errorField(String name, JsonParser parser, JsonToken value) {
            switch (name) {
                case "type" -> type = text(parser, value);
                case "error_type" -> typeBeside = text(parser, value);
                case "message" -> message = text(parser, value);
                case "code" -> {
                    code = word(parser, value);
                    statusInside = Math.max(statusInside, status(code));
                }
                case "status" -> statusInside = Math.max(statusInside, status(word(parser, value)));
                case "param" -> param = text(parser, value);
                default -> parser.skipChildren();
            }
        }

        /** Reads FastAPI's detail, a text or a list of objects with a place and a message each. */
        private static @Nullable String detail(JsonParser parser, JsonToken value) {
            if (value != JsonToken.START_ARRAY) {
                return text(parser, value);
            }
            StringBuilder said = new StringBuilder();
            for (JsonToken item = parser.nextToken(); item != JsonToken.END_ARRAY; item = parser.nextToken()) {
                if (item != JsonToken.START_OBJECT) {
                    parser.skipChildren();
                    continue;
                }
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    JsonToken field = parser.nextToken();
                    String text = name.equals("loc") ? place(parser, field) : text(parser, field);
                    if (text != null && (name.equals("loc") || name.equals("msg")) && said.length() < MAX_WORDS) {
                        said.append(said.isEmpty() ? "" : name.equals("loc") ? "; " : ": ")
                                .append(text);
                    }
                }
            }
            return said.isEmpty() ? null : said.toString();
        }

        private static @Nullable String place(JsonParser parser, JsonToken value) {
            if (value != JsonToken.START_ARRAY) {
                return text(parser, value);
            }
            StringBuilder place = new StringBuilder();
            for (JsonToken part = parser.nextToken(); part != JsonToken.END_ARRAY; part = parser.nextToken()) {
                if (part.isScalarValue() && place.length() < MAX_WORDS) {
                    place.append(place.isEmpty() ? "" : ".").append(parser.getValueAsString());
                }
                parser.skipChildren();
            }
            return place.toString();
        }

        /** Returns the HTTP status of an error that a text names; 0 if it names none. */
        private static int status(@Nullable String text) {
            return text != null && text.matches("[45][0-9]{2}") ? Integer.parseInt(text) : 0;
        }

        /** Reads a text or a whole number. */
        private static @Nullable String word(JsonParser parser, JsonToken value) {
            return value == JsonToken.VALUE_NUMBER_INT ? parser.getString() : text(parser, value);
        }

        private static @Nullable String text(JsonParser parser, JsonToken value) {
            parser.skipChildren();
            return value == JsonToken.VALUE_STRING ? parser.getString() : null;
        }
    }
}
