package dev.sluice.gateway.files;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps the descriptions of the files that were looked at last. A description never changes, so it is right for as long
 * as its file exists, which this does not tell. Thread-safe.
 */
final class DescriptionCache {
    private static final int MAX = 20_000; // some eight megabytes

    private final Map<String, StoredFile> latest = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, StoredFile> eldest) {
            return size() > MAX;
        }
    };

    synchronized Optional<StoredFile> find(String id) {
        return Optional.ofNullable(latest.get(id));
    }

    synchronized void put(StoredFile file) {
        latest.put(file.id(), file);
    }
}
