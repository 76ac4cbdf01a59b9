package dev.sluice.sandbox;

/**
 * A call that has arrived.
 *
 * @param nanoTime the arrival on the stand-in's monotonic clock ({@link System#nanoTime} of its process)
 * @param epochMillis the arrival on the wall clock
 * @param status the status of the whole answer, or 0 while the call is open and if it hung or was cut
 * @param model the model, or the empty string if the body named none
 * @param tokens the tokens that the limiter has charged, or 0 if it rejected the call or was not reached
 * @param bodyHash the first 8 bytes of the body's SHA-256, the same for equal bodies
 */
public record ReceivedCall(long nanoTime, long epochMillis, int status, String model, int tokens, long bodyHash) {
    /** Returns true if the limiter has admitted the call. */
    public boolean admitted() {
        return tokens > 0;
    }
}
