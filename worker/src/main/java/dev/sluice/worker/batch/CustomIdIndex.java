package dev.sluice.worker.batch;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Finds the line of a custom id. It takes 12 bytes per slot and at most three slots per id. A million texts on the heap
 * would take a hundred megabytes. Not thread-safe.
 *
 * <p>Instead of a text it keeps the first 64 bits of its SHA-256. Among a million ids, the chance that any two collide
 * is 1 in 37 million.
 */
final class CustomIdIndex {
    private static final int NO_LINE = 0;

    private final MessageDigest digest = sha256();
    private long[] hashes = new long[1 << 10];
    /** The line number of each slot, from 1, or {@link #NO_LINE}. */
    private int[] lines = new int[1 << 10];

    private int size;

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /**
     * Adds a custom id unless it is known.
     *
     * @return the line that has this custom id already, or 0 if it was new and now belongs to {@code line}
     */
    int putIfAbsent(String customId, int line) {
        long hash = hash(customId);
        int slot = slot(hash);
        if (lines[slot] != NO_LINE) {
            return lines[slot];
        }
        hashes[slot] = hash;
        lines[slot] = line;
        size++;
        if (size * 3L > lines.length * 2L) {
            grow();
        }
        return NO_LINE;
    }

    /** Returns the line that has this custom id, or 0 if there is none. */
    int line(String customId) {
        return lines[slot(hash(customId))];
    }

    private long hash(String customId) {
        return ByteBuffer.wrap(digest.digest(customId.getBytes(StandardCharsets.UTF_8)))
                .getLong();
    }

    /** Returns the slot of this hash, or the slot it would take. Collisions are resolved by linear probing. */
    private int slot(long hash) {
        int mask = lines.length - 1;
        int slot = (int) hash & mask;
        while (lines[slot] != NO_LINE && hashes[slot] != hash) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private void grow() {
        long[] oldHashes = hashes;
        int[] oldLines = lines;
        hashes = new long[oldHashes.length * 2];
        lines = new int[oldLines.length * 2];
        for (int old = 0; old < oldLines.length; old++) {
            if (oldLines[old] != NO_LINE) {
                int slot = slot(oldHashes[old]);
                hashes[slot] = oldHashes[old];
                lines[slot] = oldLines[old];
            }
        }
    }
}
