package dev.sluice.worker.pace;

/**
 * How many calls of a lane may be under way: as many as the worker allows, but fewer while the API fails without saying
 * that we are too fast. Halved once for all calls that were under way when it began to fail, and raised by one with
 * every call that passes. Owned by the pace thread.
 */
final class ConcurrencyLimit {
    private int most = Integer.MAX_VALUE;
    private int underWay;
    private long halvedAt;

    ConcurrencyLimit(long now) {
        this.halvedAt = now;
    }

    boolean hasRoom() {
        return underWay < most;
    }

    int underWay() {
        return underWay;
    }

    void began() {
        underWay++;
    }

    void passed() {
        underWay--;
        if (most < Integer.MAX_VALUE) {
            // more than are made use of need no bound
            most = most > 4 * (underWay + 1) ? Integer.MAX_VALUE : most + 1;
        }
    }

    void failed(long sentAt, long now) {
        if (sentAt - halvedAt >= 0) {
            most = Math.max(1, Math.min(most, underWay) / 2);
            halvedAt = now;
        }
        underWay--;
    }

    /** It has ended in a way that says nothing of how busy the API is. */
    void ended() {
        underWay--;
    }
}
