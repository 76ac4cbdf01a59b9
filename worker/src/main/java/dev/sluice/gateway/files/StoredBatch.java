package dev.sluice.gateway.files;

import java.time.Instant;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * One state of a batch. Immutable.
 *
 * @param expiresAt when it is given up, in seconds since 1970
 * @param model the model of its requests, if they have been checked and have the same
 * @param since when each state began that the batch was in, in seconds since 1970
 * @param outputFileId the file of the answers, once there is one
 * @param errorFileId the file of the failed lines, once there is one
 * @param errors why it has failed, if it has: what is wrong with the input, or that its files are damaged
 */
public record StoredBatch(
        String id,
        BatchOrder order,
        long expiresAt,
        Optional<String> model,
        BatchStatus status,
        Map<BatchStatus, Long> since,
        Optional<String> outputFileId,
        Optional<String> errorFileId,
        BatchCounts counts,
        List<BatchError> errors,
        BatchRun run) {
    public StoredBatch {
        since = Collections.unmodifiableMap(new EnumMap<>(since));
        errors = List.copyOf(errors);
    }

    /** Returns true if the batch has failed while it was run, so that its files are all that is left of its answers. */
    boolean keepsAnswers() {
        return status == BatchStatus.FAILED && run.number() > 0;
    }

    /** Returns the batch in the form of OpenAI's API. */
    public ObjectNode json() {
        return BatchJson.api(this);
    }

    /** Returns a batch that was just created. */
    static StoredBatch created(String id, BatchOrder order, Instant now) {
        long seconds = now.getEpochSecond();
        return new StoredBatch(
                id,
                order,
                seconds + order.windowSeconds(),
                Optional.empty(),
                BatchStatus.VALIDATING,
                Map.of(BatchStatus.VALIDATING, seconds),
                Optional.empty(),
                Optional.empty(),
                BatchCounts.NONE,
                List.of(),
                BatchRun.NONE);
    }

    /**
     * Returns the batch in a later state, or in the same one once more.
     *
     * @throws IllegalStateException if that state cannot follow
     */
    public StoredBatch in(BatchStatus later, Instant now) {
        if (!status.leadsTo(later)) {
            throw new IllegalStateException("batch " + id + " is " + status.word() + " and cannot be " + later.word());
        }
        Map<BatchStatus, Long> times = new EnumMap<>(since);
        times.putIfAbsent(later, now.getEpochSecond());
        return new StoredBatch(
                id, order, expiresAt, model, later, times, outputFileId, errorFileId, counts, errors, run);
    }

    public StoredBatch of(Optional<String> same) {
        return new StoredBatch(
                id, order, expiresAt, same, status, since, outputFileId, errorFileId, counts, errors, run);
    }

    public StoredBatch counting(BatchCounts now) {
        return new StoredBatch(id, order, expiresAt, model, status, since, outputFileId, errorFileId, now, errors, run);
    }

    public StoredBatch failingWith(List<BatchError> found) {
        return new StoredBatch(
                id, order, expiresAt, model, status, since, outputFileId, errorFileId, counts, found, run);
    }

    public StoredBatch running(BatchRun now) {
        return new StoredBatch(
                id, order, expiresAt, model, status, since, outputFileId, errorFileId, counts, errors, now);
    }

    public StoredBatch with(Optional<String> output, Optional<String> failed) {
        return new StoredBatch(id, order, expiresAt, model, status, since, output, failed, counts, errors, run);
    }
}
