package dev.sluice.worker.pace;

/**
 * The calls that a worker may have in flight, which all lanes share. A lane begins a call only while it has fewer of
 * them than are free, so that a lane whose calls hang leaves room for others, even if it came alone and first. A lane
 * alone takes half, and each further one leaves the next something. It is the rule of dynamic thresholds (Choudhury and
 * Hahne, 1998).
 *
 * <p>Some are kept free for express calls. Those of a lane are counted apart from its others, and leave the others a
 * tenth of what the lane may have. Owned by the pace thread.
 */
final class CallSlots {
    private static final int KEPT_FOR_EXPRESS = 16;
    /** The divisor for the largest part that is kept for express calls. */
    private static final int KEPT_PART = 32;

    private final int max;
    private final int keptForExpress;
    private int inFlight;

    CallSlots(int max) {
        this.max = max;
        this.keptForExpress = Math.min(KEPT_FOR_EXPRESS, max / KEPT_PART);
    }

    /** @param ofLane the calls in flight of the lane that wants to begin another, express calls included */
    boolean hasRoom(int ofLane) {
        return ofLane < free() - keptForExpress;
    }

    /** @param expressOfLane the express calls in flight of the lane that wants to begin another */
    boolean hasRoomForExpress(int expressOfLane) {
        return 5L * expressOfLane < 4L * free();
    }

    private int free() {
        return max - inFlight;
    }

    void started() {
        inFlight++;
    }

    void ended() {
        inFlight--;
    }
}
