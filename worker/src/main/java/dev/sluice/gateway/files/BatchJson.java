package dev.sluice.gateway.files;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes batches in the form of OpenAI's API, and reads what it has written. Stateless. */
final class BatchJson {
    private static final JsonMapper MAPPER = JsonMapper.shared();
    /** The field of a stored state that the API does not have. */
    private static final String SEGMENTS = "segments";

    private BatchJson() {}

    static ObjectNode api(StoredBatch batch) {
        ObjectNode json = MAPPER.createObjectNode();
        json.put("id", batch.id());
        json.put("object", "batch");
        json.put("endpoint", "/v1/chat/completions");
        json.set("errors", errors(batch.errors()));
        json.put("input_file_id", batch.inputFileId());
        json.put("completion_window", "24h");
        json.put("status", batch.status().word());
        json.put("output_file_id", batch.outputFileId().orElse(null));
        json.put("error_file_id", batch.errorFileId().orElse(null));
        json.put("expires_at", batch.expiresAt());
        for (BatchStatus status : BatchStatus.values()) {
            json.put(timeOf(status), batch.since().get(status));
        }
        ObjectNode counts = json.putObject("request_counts");
        counts.put("total", batch.counts().total());
        counts.put("completed", batch.counts().completed());
        counts.put("failed", batch.counts().failed());
        ObjectNode metadata = json.putObject("metadata");
        batch.metadata().forEach(metadata::put);
        return json;
    }

    private static String timeOf(BatchStatus status) {
        return (status == BatchStatus.VALIDATING ? "created" : status.word()) + "_at";
    }

    private static @Nullable JsonNode errors(List<BatchError> errors) {
        if (errors.isEmpty()) {
            return null;
        }
        ObjectNode list = MAPPER.createObjectNode();
        list.put("object", "list");
        ArrayNode data = list.putArray("data");
        for (BatchError error : errors) {
            ObjectNode each = data.addObject();
            each.put("code", error.code());
            each.put("message", error.message());
            each.putNull("param");
            each.put("line", error.line() == 0 ? null : error.line());
        }
        return list;
    }

    static byte[] stored(StoredBatch batch) {
        ObjectNode json = api(batch);
        ArrayNode segments = json.putArray(SEGMENTS);
        for (BatchSegment segment : batch.segments()) {
            segments.addObject().put("name", segment.name()).put("bytes", segment.bytes());
        }
        return MAPPER.writeValueAsBytes(json);
    }

    /** Reads what {@link #stored} has written. */
    static StoredBatch parse(byte[] stored) throws IOException {
        try {
            JsonNode json = MAPPER.readTree(stored);
            return new StoredBatch(
                    json.required("id").asString(),
                    json.required("input_file_id").asString(),
                    metadata(json.required("metadata")),
                    json.required("expires_at").asLong(),
                    BatchStatus.ofWord(json.required("status").asString()),
                    times(json),
                    text(json.required("output_file_id")),
                    text(json.required("error_file_id")),
                    counts(json.required("request_counts")),
                    errors(json.required("errors")),
                    segments(json.required(SEGMENTS)));
        } catch (JacksonException | IllegalArgumentException e) {
            throw new IOException("the state of a stored batch is damaged", e);
        }
    }

    private static Map<String, String> metadata(JsonNode json) {
        Map<String, String> metadata = new TreeMap<>();
        json.properties()
                .forEach(each -> metadata.put(each.getKey(), each.getValue().asString()));
        return metadata;
    }

    private static Map<BatchStatus, Long> times(JsonNode json) {
        Map<BatchStatus, Long> times = new EnumMap<>(BatchStatus.class);
        for (BatchStatus status : BatchStatus.values()) {
            JsonNode time = json.required(timeOf(status));
            if (!time.isNull()) {
                times.put(status, time.asLong());
            }
        }
        return times;
    }

    private static Optional<String> text(JsonNode json) {
        return json.isNull() ? Optional.empty() : Optional.of(json.asString());
    }

    private static BatchCounts counts(JsonNode json) {
        return new BatchCounts(
                json.required("total").asInt(),
                json.required("completed").asInt(),
                json.required("failed").asInt());
    }

    private static List<BatchError> errors(JsonNode json) {
        List<BatchError> errors = new ArrayList<>();
        if (!json.isNull()) {
            for (JsonNode each : json.required("data")) {
                JsonNode line = each.required("line");
                errors.add(new BatchError(
                        each.required("code").asString(),
                        each.required("message").asString(),
                        line.isNull() ? 0 : line.asInt()));
            }
        }
        return errors;
    }

    private static List<BatchSegment> segments(JsonNode json) {
        List<BatchSegment> segments = new ArrayList<>();
        for (JsonNode each : json) {
            segments.add(new BatchSegment(
                    each.required("name").asString(), each.required("bytes").asLong()));
        }
        return segments;
    }
}
