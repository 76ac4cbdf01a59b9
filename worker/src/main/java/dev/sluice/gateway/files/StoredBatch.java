package dev.sluice.gateway.files;

import java.time.Instant;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One state of a batch. Immutable.
 *
 * @param since when each state began that the batch was in, in seconds since 1970
 * @param expiresAt when it is given up, in seconds since 1970
 * @param outputFileId the file of the answers, once there is one
 * @param errorFileId the file of the failed lines, once there is one
 * @param errors what is wrong with the input, if it has failed
 * @param segments the answers of doors that have run the batch before the present one
 */
public record StoredBatch(
        String id,
        String inputFileId,
        Map<String, String> metadata,
        long expiresAt,
        BatchStatus status,
        Map<BatchStatus, Long> since,
        Optional<String> outputFileId,
        Optional<String> errorFileId,
        BatchCounts counts,
        List<BatchError> errors,
        List<BatchSegment> segments) {
    public StoredBatch {
        metadata = Collections.unmodifiableMap(new TreeMap<>(metadata));
        since = Collections.unmodifiableMap(new EnumMap<>(since));
        errors = List.copyOf(errors);
        segments = List.copyOf(segments);
    }

    /** Returns a batch that was just created. */
    static StoredBatch created(
            String id, String inputFileId, Map<String, String> metadata, Instant now, long windowSeconds) {
        long seconds = now.getEpochSecond();
        return new StoredBatch(
                id,
                inputFileId,
                metadata,
                seconds + windowSeconds,
                BatchStatus.VALIDATING,
                Map.of(BatchStatus.VALIDATING, seconds),
                Optional.empty(),
                Optional.empty(),
                BatchCounts.NONE,
                List.of(),
                List.of());
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
                id,
                inputFileId,
                metadata,
                expiresAt,
                later,
                times,
                outputFileId,
                errorFileId,
                counts,
                errors,
                segments);
    }

    public StoredBatch counting(BatchCounts now) {
        return new StoredBatch(
                id, inputFileId, metadata, expiresAt, status, since, outputFileId, errorFileId, now, errors, segments);
    }

    public StoredBatch failingWith(List<BatchError> found) {
        return new StoredBatch(
                id,
                inputFileId,
                metadata,
                expiresAt,
                status,
                since,
                outputFileId,
                errorFileId,
                counts,
                found,
                segments);
    }

    public StoredBatch after(List<BatchSegment> earlier) {
        return new StoredBatch(
                id,
                inputFileId,
                metadata,
                expiresAt,
                status,
                since,
                outputFileId,
                errorFileId,
                counts,
                errors,
                earlier);
    }

    public StoredBatch with(Optional<String> output, Optional<String> failed) {
        return new StoredBatch(
                id, inputFileId, metadata, expiresAt, status, since, output, failed, counts, errors, segments);
    }
}
