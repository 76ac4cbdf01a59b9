package dev.sluice.worker.pace;

import dev.sluice.worker.pool.Rejections;

/** Keeps what a worker tells of a limit that another one, the pilot, finds out. Owned by the pace thread. */
final class FollowedLimit {
    private long epoch;
    /** The time at which this worker has begun to follow, or has heard of the present epoch. */
    private long since;

    private Rejections rejections = Rejections.NONE;
    /** The amount that others spend per second, and what they had spent in the epoch before. */
    private double others;

    private double othersBefore;

    /** Begins to follow a limit whose epoch this is. */
    void begin(long presentEpoch, double spentByOthers, long now) {
        epoch = presentEpoch;
        since = now;
        others = spentByOthers;
        othersBefore = spentByOthers;
    }

    /** Records that the pilot has told of its present epoch, which may be that of another pilot and a lower one. */
    void follow(long presentEpoch, double spentByOthers, long now) {
        if (presentEpoch != epoch) {
            epoch = presentEpoch;
            since = now;
            othersBefore = others;
        }
        others = spentByOthers;
    }

    /** Returns the amount that others spent per second when a call started. */
    double othersAt(long startedAt) {
        return startedAt - since < 0 ? othersBefore : others;
    }

    /**
     * Records a rejected call.
     *
     * @param shown the whole limit per second that it shows
     */
    void rejected(long startedAt, double shown) {
        long known = startedAt - since < 0 ? epoch - 1 : epoch;
        boolean isOfPresent = rejections.epoch() == epoch && rejections.calls() > 0;
        if (known != epoch && isOfPresent) {
            // The pilot has judged the epoch before, and knows enough of it.
            return;
        }
        Rejections before = known == rejections.epoch() ? rejections : new Rejections(known, 0, 0);
        rejections = before.and(1, shown);
    }

    /** Returns the rejected calls of the latest epoch in which there were any. */
    Rejections rejections() {
        return rejections;
    }
}
