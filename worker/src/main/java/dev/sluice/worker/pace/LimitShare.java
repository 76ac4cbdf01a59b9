package dev.sluice.worker.pace;

/**
 * The part of every limit that this worker may spend: the bundles it owns of all. The shares of a queue's workers add
 * up to one whatever happens to any of them, since every bundle has one owner at most.
 *
 * @param bundles at least 1; a worker that owns none has nothing to send
 * @param width all bundles there are
 */
public record LimitShare(int bundles, int width) {
    public static final LimitShare ALL = new LimitShare(1, 1);

    public LimitShare {
        if (bundles < 1 || bundles > width) {
            throw new IllegalArgumentException("a share of " + bundles + " of " + width + " bundles");
        }
    }

    public double fraction() {
        return (double) bundles / width;
    }
}
