package dev.sluice.gateway.files;

import java.time.Clock;
import java.util.HexFormat;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/**
 * Makes ids that nobody can guess, and that sort by the time at which they were made: 12 hex digits of milliseconds and
 * 24 random ones. They are names of directories, too, and hold nothing that could lead out of one. Thread-safe if its
 * source of randomness is.
 */
final class StoredIds {
    private static final String FILE = "file-";
    private static final String BATCH = "batch_";
    private static final Pattern FILE_ID = Pattern.compile(FILE + "[0-9a-f]{36}");
    private static final Pattern BATCH_ID = Pattern.compile(BATCH + "[0-9a-f]{36}");
    private static final int RANDOM_BYTES = 12;

    private final Clock clock;
    private final RandomGenerator random;

    /** @param random a secure source */
    StoredIds(Clock clock, RandomGenerator random) {
        this.clock = clock;
        this.random = random;
    }

    String nextFile() {
        return next(FILE);
    }

    String nextBatch() {
        return next(BATCH);
    }

    private String next(String prefix) {
        byte[] bytes = new byte[RANDOM_BYTES];
        random.nextBytes(bytes);
        HexFormat hex = HexFormat.of();
        return prefix + hex.toHexDigits(clock.millis(), 12) + hex.formatHex(bytes);
    }

    /** Returns the id of a file of results, which is the same whoever makes it. */
    static String resultOf(String batch, boolean isErrors) {
        String digits = batch.substring(BATCH.length());
        return FILE + digits.substring(0, digits.length() - 2) + (isErrors ? "e0" : "00");
    }

    /** Returns when an id was made, in milliseconds since 1970. */
    static long millis(String id) {
        String digits = id.substring(id.length() - 12 - 2 * RANDOM_BYTES);
        return HexFormat.fromHexDigitsToLong(digits, 0, 12);
    }

    static boolean isBatch(String id) {
        return BATCH_ID.matcher(id).matches();
    }

    static boolean isFile(String id) {
        return FILE_ID.matcher(id).matches();
    }
}
