package dev.sluice.worker.batch;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Which line has which custom id, in 12 bytes a slot and at most three slots an id: a million texts on the heap would be a
 * hundred megabytes. Instead of the text it keeps 64 bits of its SHA-256; among a million ids one pair or more has the
 * same ones with a chance of 1 in 37 million. Not thread-safe.
 */
final class CustomIdIndex {
    private static final int NONE = 0;

    private final MessageDigest digest = sha256();
    private long[] hashes = new long[1 << 10];
    /** From 1; {@link #NONE} marks a free slot. */
    private int[] lines = new int[1 << 10];

    private int size;

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }

    /** Returns the line that has this custom id already; 0 where it was new and is {@code line}'s from now on */
    int putIfAbsent(String customId, int line) {
        long hash = hash(customId);
        int slot = slot(hash);
        if (lines[slot] != NONE) {
            return lines[slot];
        }
        hashes[slot] = hash;
        lines[slot] = line;
        size++;
        if (size * 3L > lines.length * 2L) {
            grow();
        }
        return NONE;
    }

    /** The line that has this custom id; 0 where none has. */
    int line(String customId) {
        return lines[slot(hash(customId))];
    }

    private long hash(String customId) {
        return ByteBuffer.wrap(digest.digest(customId.getBytes(StandardCharsets.UTF_8)))
                .getLong();
    }

    /** Where this hash is, or would be: open addressing, the next free slot. */
    private int slot(long hash) {
        int mask = lines.length - 1;
        int slot = (int) hash & mask;
        while (lines[slot] != NONE && hashes[slot] != hash) {
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
            if (oldLines[old] != NONE) {
                int slot = slot(oldHashes[old]);
                hashes[slot] = oldHashes[old];
                lines[slot] = oldLines[old];
            }
        }
    }
}
