package dev.sluice.sandbox;

/** The rate-limit headers that an answer carries. The editions of the API's documentation disagree about them. */
public enum HeaderMode {
    /** Sends no headers. */
    NONE,
    /** Sends only {@code x-ratelimit-reset}, and only on a 429. This follows the newest edition. */
    ON_429,
    /**
     * Sends on every answer for a limited model {@code x-ratelimit-limit}, {@code -remaining} and {@code -reset}, and
     * {@code x-tokenlimit-limit} and {@code -remaining}. The {@code -dynamic} variants of limits and remainders are
     * sent too. Values are in units per second, the reset in seconds. A dimension without a limit has no headers.
     */
    ALL
}
