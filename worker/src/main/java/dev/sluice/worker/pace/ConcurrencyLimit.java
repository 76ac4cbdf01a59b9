package dev.sluice.worker.pace;

/**
 * Limits the calls of a lane that are in flight while the API fails without a rate limit. Without failures only the
 * worker's own bound applies. All calls that were in flight when the API began to fail halve the limit once. Each call
 * that passes raises it by one. Owned by the pace thread.
 */
final class ConcurrencyLimit {
    private int max = Integer.MAX_VALUE;
    private int inFlight;
    private long halvedAt;

    ConcurrencyLimit(long now) {
        this.halvedAt = now;
    }

    boolean hasRoom() {
        return inFlight < max;
    }

    int inFlight() {
        return inFlight;
    }

    void started() {
        inFlight++;
    }

    void passed() {
        inFlight--;
        if (max < Integer.MAX_VALUE) {
            // The cap is removed once it is four times what is used.
            max = max > 4 * (inFlight + 1) ? Integer.MAX_VALUE : max + 1;
        }
    }

    void failed(long startedAt, long now) {
        if (startedAt - halvedAt >= 0) {
            max = Math.max(1, Math.min(max, inFlight) / 2);
            halvedAt = now;
        }
        inFlight--;
    }

    /** Records the end of a call that does not tell how busy the API is. */
    void ended() {
        inFlight--;
    }
}
