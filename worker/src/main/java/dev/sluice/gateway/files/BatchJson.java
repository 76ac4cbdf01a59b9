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
    private static final String DOOR = "door";

    private BatchJson() {}

    static ObjectNode api(StoredBatch batch) {
        ObjectNode json = MAPPER.createObjectNode();
        json.put("id", batch.id());
        json.put("object", "batch");
        json.put("endpoint", "/v1/chat/completions");
        batch.model().ifPresent(model -> json.put("model", model));
        json.set("errors", errors(batch.errors()));
        json.put("input_file_id", batch.order().inputFileId());
        json.put("completion_window", batch.order().window());
        json.put("status", batch.status().word());
        json.put("output_file_id", batch.outputFileId().orElse(null));
        json.put("error_file_id", batch.errorFileId().orElse(null));
        json.put("expires_at", batch.expiresAt());
        for (BatchStatus status : BatchStatus.values()) {
            json.put(timeOf(status), batch.since().get(status));
        }
        json.set("request_counts", counts(batch.counts()));
        json.set("usage", usage(batch.counts().usage()));
        json.set("metadata", metadata(batch.order().metadata()));
        return json;
    }

    private static @Nullable JsonNode metadata(Map<String, String> pairs) {
        if (pairs.isEmpty()) {
            return null;
        }
        ObjectNode metadata = MAPPER.createObjectNode();
        pairs.forEach(metadata::put);
        return metadata;
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
        ObjectNode door = json.putObject(DOOR);
        door.put("window_seconds", batch.order().windowSeconds());
        door.put("result_seconds", batch.order().resultSeconds());
        door.put("tenant", batch.order().tenant().orElse(null));
        door.put("run", batch.run().number());
        door.put("sent", batch.run().sent());
        door.put("sealed", batch.run().isSealed());
        ArrayNode segments = door.putArray("segments");
        for (BatchSegment segment : batch.run().segments()) {
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
                    order(json, json.required(DOOR)),
                    json.required("expires_at").asLong(),
                    Optional.ofNullable(json.path("model").asString(null)),
                    BatchStatus.ofWord(json.required("status").asString()),
                    times(json),
                    text(json.required("output_file_id")),
                    text(json.required("error_file_id")),
                    counts(json),
                    errors(json.required("errors")),
                    run(json.required(DOOR)));
        } catch (JacksonException | IllegalArgumentException e) {
            throw new DamagedBatchException("the state of a stored batch is damaged", e);
        }
    }

    private static BatchOrder order(JsonNode json, JsonNode door) {
        return new BatchOrder(
                json.required("input_file_id").asString(),
                json.required("completion_window").asString(),
                door.required("window_seconds").asLong(),
                door.required("result_seconds").asLong(),
                text(door.required("tenant")),
                metadata(json.required("metadata")));
    }

    private static BatchRun run(JsonNode door) {
        return new BatchRun(
                door.required("run").asInt(),
                door.required("sent").asInt(),
                segments(door.required("segments")),
                door.required("sealed").asBoolean());
    }

    static byte[] progress(BatchProgress progress) {
        ObjectNode json = MAPPER.createObjectNode();
        json.put("sent", progress.sent());
        json.set("request_counts", counts(progress.counts()));
        json.set("usage", usage(progress.counts().usage()));
        return MAPPER.writeValueAsBytes(json);
    }

    /** Reads what {@link #progress} has written. */
    static BatchProgress parseProgress(byte[] stored) throws IOException {
        try {
            JsonNode json = MAPPER.readTree(stored);
            return new BatchProgress(json.required("sent").asInt(), counts(json));
        } catch (JacksonException | IllegalArgumentException e) {
            throw new DamagedBatchException("the progress of a stored batch is damaged", e);
        }
    }

    private static ObjectNode counts(BatchCounts counts) {
        ObjectNode json = MAPPER.createObjectNode();
        json.put("total", counts.total());
        json.put("completed", counts.completed());
        json.put("failed", counts.failed());
        return json;
    }

    private static ObjectNode usage(BatchUsage usage) {
        ObjectNode json = MAPPER.createObjectNode();
        json.put("input_tokens", usage.inputTokens());
        json.putObject("input_tokens_details").put("cached_tokens", usage.cachedTokens());
        json.put("output_tokens", usage.outputTokens());
        json.putObject("output_tokens_details").put("reasoning_tokens", usage.reasoningTokens());
        json.put("total_tokens", usage.totalTokens());
        return json;
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
        JsonNode counts = json.required("request_counts");
        return new BatchCounts(
                counts.required("total").asInt(),
                counts.required("completed").asInt(),
                counts.required("failed").asInt(),
                usage(json.required("usage")));
    }

    private static BatchUsage usage(JsonNode json) {
        return new BatchUsage(
                json.required("input_tokens").asLong(),
                json.required("input_tokens_details").required("cached_tokens").asLong(),
                json.required("output_tokens").asLong(),
                json.required("output_tokens_details")
                        .required("reasoning_tokens")
                        .asLong(),
                json.required("total_tokens").asLong());
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
