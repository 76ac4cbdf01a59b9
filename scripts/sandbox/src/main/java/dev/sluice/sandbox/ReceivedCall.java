package dev.sluice.sandbox;

/**
 * One call that has arrived.
 *
 * @param nanoTime when, on the stand-in's monotonic clock ({@link System#nanoTime} of its process)
 * @param epochMillis when, on the wall clock
 * @param status of the whole answer; 0: none (yet): under way, hung or cut
 * @param model empty: the body named none
 * @param tokens what the limiter has charged for it, at least 1; 0: it was refused, or never came to the limiter
 * @param bodyHash the first 8 bytes of the body's SHA-256: the same for equal bodies
 */
public record ReceivedCall(long nanoTime, long epochMillis, int status, String model, int tokens, long bodyHash) {
    /** Whether the limiter has let it pass. */
    public boolean admitted() {
        return tokens > 0;
    }
}
