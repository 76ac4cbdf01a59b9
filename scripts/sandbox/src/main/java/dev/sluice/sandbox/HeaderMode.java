package dev.sluice.sandbox;

/** Which rate-limit headers an answer carries; the API's own editions disagree. */
public enum HeaderMode {
    /** None at all. */
    NONE,
    /** {@code x-ratelimit-reset} on a 429, nothing else: what the newest edition says. */
    ON_429,
    /**
     * On every answer that names a limited model: {@code x-ratelimit-limit}, {@code -remaining}, {@code -reset},
     * {@code x-tokenlimit-limit}, {@code -remaining} and the {@code -dynamic} variants of the limits and the remainders;
     * in units per second, the reset in seconds. A dimension without a limit has no headers.
     */
    ALL
}
