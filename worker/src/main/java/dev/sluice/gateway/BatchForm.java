package dev.sluice.gateway;

import dev.sluice.gateway.files.BatchOrder;
import dev.sluice.gateway.files.FileRequestException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.MissingNode;

/** Reads the body of a request that creates a batch, as OpenAI's API has it. Stateless. */
final class BatchForm {
    /** The longest window. Replies to batches are kept for a day longer. */
    static final Duration LONGEST_WINDOW = Duration.ofDays(7);

    private static final JsonMapper MAPPER = JsonMapper.shared();
    private static final String ENDPOINT = "/v1/chat/completions";
    private static final Pattern WINDOW = Pattern.compile("([1-9][0-9]{0,5})([smhd])");
    private static final long MIN_KEEP_SECONDS = 3_600;
    private static final long MAX_KEEP_SECONDS = 30L * 24 * 3_600;
    private static final int MAX_PAIRS = 16;
    private static final int MAX_KEY = 64;
    private static final int MAX_VALUE = 512;

    private BatchForm() {}

    /** @throws FileRequestException if something is missing or wrong */
    static BatchOrder parse(byte[] body, @Nullable String tenant) {
        JsonNode json = object(body);
        String endpoint = text(json, "endpoint");
        if (!endpoint.equals(ENDPOINT)) {
            throw bad("endpoint", "endpoint is '" + endpoint + "'; batches are for " + ENDPOINT + " here");
        }
        String window = text(json, "completion_window");
        return new BatchOrder(
                text(json, "input_file_id"),
                window,
                seconds(window),
                keepSeconds(json.path("output_expires_after")),
                Optional.ofNullable(tenant),
                metadata(json.path("metadata")));
    }

    private static JsonNode object(byte[] body) {
        JsonNode json;
        try {
            json = body.length == 0 ? MissingNode.getInstance() : MAPPER.readTree(body);
        } catch (JacksonException e) {
            throw new FileRequestException(400, "invalid_json", null, "the body is no JSON: " + e.getOriginalMessage());
        }
        if (!json.isObject()) {
            throw new FileRequestException(
                    400,
                    "invalid_json",
                    null,
                    "the body must be a JSON object with input_file_id, endpoint and completion_window");
        }
        return json;
    }

    private static String text(JsonNode json, String field) {
        JsonNode value = json.path(field);
        if (!value.isString() || value.asString().isBlank()) {
            throw bad(field, field + " must be a text that is not empty");
        }
        return value.asString();
    }

    private static long seconds(String window) {
        Matcher parts = WINDOW.matcher(window);
        long seconds = !parts.matches()
                ? 0
                : Long.parseLong(parts.group(1))
                        * switch (parts.group(2)) {
                            case "s" -> 1;
                            case "m" -> 60;
                            case "h" -> 3_600;
                            default -> 86_400;
                        };
        if (seconds == 0 || seconds > LONGEST_WINDOW.toSeconds()) {
            throw bad(
                    "completion_window",
                    "completion_window is '" + window + "'; it must be a time up to 7d, such as 24h or 90m");
        }
        return seconds;
    }

    private static long keepSeconds(JsonNode expires) {
        if (expires.isMissingNode() || expires.isNull()) {
            return MAX_KEEP_SECONDS;
        }
        JsonNode seconds = expires.path("seconds");
        boolean isValid = seconds.isIntegralNumber()
                && seconds.asLong() >= MIN_KEEP_SECONDS
                && seconds.asLong() <= MAX_KEEP_SECONDS
                && expires.path("anchor").asString("").equals("created_at");
        if (!isValid) {
            throw bad(
                    "output_expires_after",
                    "output_expires_after must have the anchor created_at, and seconds from " + MIN_KEEP_SECONDS
                            + " to " + MAX_KEEP_SECONDS);
        }
        return seconds.asLong();
    }

    private static Map<String, String> metadata(JsonNode metadata) {
        Map<String, String> pairs = new TreeMap<>();
        if (metadata.isMissingNode() || metadata.isNull()) {
            return pairs;
        }
        metadata.properties().forEach(each -> {
            if (each.getKey().length() > MAX_KEY
                    || !each.getValue().isString()
                    || each.getValue().asString().length() > MAX_VALUE) {
                throw badMetadata();
            }
            pairs.put(each.getKey(), each.getValue().asString());
        });
        if (!metadata.isObject() || pairs.size() > MAX_PAIRS) {
            throw badMetadata();
        }
        return pairs;
    }

    private static FileRequestException badMetadata() {
        return bad(
                "metadata",
                "metadata must be an object of at most " + MAX_PAIRS + " texts of " + MAX_VALUE
                        + " characters, whose names have at most " + MAX_KEY);
    }

    private static FileRequestException bad(String field, String problem) {
        return new FileRequestException(400, "invalid_value", field, problem);
    }
}
