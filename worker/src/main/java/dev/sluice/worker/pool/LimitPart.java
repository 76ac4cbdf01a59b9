package dev.sluice.worker.pool;

import java.util.List;

/** The part of one limit that a worker may spend. Immutable. */
public sealed interface LimitPart {
    LimitPart UNKNOWN = new OfBundles();

    /**
     * Returns the worker's place among those that spend the limit, from 0 to 1. They go on in this order after a pause
     * that the API has told all of them.
     */
    double place();

    /** The part of the worker's own bundles. If the limit has no name, the worker finds it out for this part alone. */
    record OfBundles() implements LimitPart {
        @Override
        public double place() {
            return 0;
        }
    }

    /**
     * A part of a limit that an option or headers name.
     *
     * @param share from 0 to 1
     * @param place see {@link #place()}
     */
    record Named(double share, double place) implements LimitPart {}

    /**
     * A part of a limit that the lane's pilot finds out.
     *
     * @param share from 0 to 1
     * @param limit the whole limit per second, as found so far; infinite if there is none
     * @param others what the other workers spend per second
     * @param epoch how often the pilot has lowered it
     * @param place see {@link #place()}
     */
    record Followed(double share, double limit, double others, long epoch, double place) implements LimitPart {}

    /**
     * The part of the pilot, which finds the limit out.
     *
     * @param share from 0 to 1
     * @param limit the whole limit per second by which it was divided; infinite if there is none
     * @param others what the other workers spend per second
     * @param rejections the latest rejected calls of the others
     * @param place see {@link #place()}
     */
    record Piloted(double share, double limit, double others, List<Rejections> rejections, double place)
            implements LimitPart {
        public Piloted {
            rejections = List.copyOf(rejections);
        }
    }
}
