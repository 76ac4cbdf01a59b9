package dev.sluice.worker.pace;

/**
 * The part of every limit that this worker may spend, as the bundles it owns of all. Every bundle has one owner at
 * most. So the shares of a queue's workers never add up to more than one, whatever happens to any of them.
 *
 * @param bundles the bundles that this worker owns, at least 1 since a worker that owns none has nothing to send
 * @param width the number of all bundles
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
