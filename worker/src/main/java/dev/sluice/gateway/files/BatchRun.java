package dev.sluice.gateway.files;

import java.util.List;

/**
 * The part of a batch's state from which a door takes it over. Immutable.
 *
 * @param number the number of the state by which the present door has taken it over, or 0 before the first
 * @param sent the last line that was on the queue then
 * @param segments the answers of the doors before the present one
 * @param isSealed true if no answer is added any more, so that the segments are all there is
 */
public record BatchRun(int number, int sent, List<BatchSegment> segments, boolean isSealed) {
    /** The run of a batch that no door has taken up. */
    public static final BatchRun NONE = new BatchRun(0, 0, List.of(), false);

    public BatchRun {
        segments = List.copyOf(segments);
    }

    /** Returns true if a door has taken up the batch and writes answers. */
    public boolean isUnderWay() {
        return number > 0 && !isSealed;
    }
}
