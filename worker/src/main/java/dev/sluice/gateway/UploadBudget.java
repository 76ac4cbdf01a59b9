package dev.sluice.gateway;

/** Counts the bytes of bodies that are not with Kafka yet. It belongs to the event loop. */
final class UploadBudget {
    private final long max;
    private long held;

    UploadBudget(long max) {
        this.max = max;
    }

    /** Takes so many bytes, which {@link #release} gives back. Returns false if there are not as many. */
    boolean take(int bytes) {
        if (held + bytes > max) {
            return false;
        }
        held += bytes;
        return true;
    }

    void release(int bytes) {
        held -= bytes;
    }

    long held() {
        return held;
    }
}
