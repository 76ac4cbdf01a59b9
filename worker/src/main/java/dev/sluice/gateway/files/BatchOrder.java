package dev.sluice.gateway.files;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The order by which a caller has created a batch. Immutable.
 *
 * @param inputFileId the file of its requests
 * @param window the time in which it is done, as the caller has written it
 * @param windowSeconds the same in seconds
 * @param resultSeconds how long its results are kept
 * @param tenant the tenant of its requests, if the caller has one
 */
public record BatchOrder(
        String inputFileId,
        String window,
        long windowSeconds,
        long resultSeconds,
        Optional<String> tenant,
        Map<String, String> metadata) {
    public BatchOrder {
        metadata = Collections.unmodifiableMap(new TreeMap<>(metadata));
    }
}
