package dev.sluice.worker.pace;

/**
 * The calls that a worker may have in flight, which all lanes share. What a lane may have follows from what is free, so
 * that a lane whose calls hang leaves room for others, even if it came alone and first. A lane alone has almost half,
 * and each further one almost half of the rest. It is the rule of dynamic thresholds (Choudhury and Hahne, 1998).
 *
 * <p>An eighth is kept for the first calls of lanes, so that a lane that works finds a slot beside many that hang. Some
 * are kept for express calls. Those of a lane are counted apart from its others, and leave the others a tenth of what
 * the lane may have. Owned by the pace thread.
 */
final class CallSlots {
    private static final int KEPT_FOR_EXPRESS = 16;
    /** The divisor for the largest part that is kept for express calls. */
    private static final int PART_FOR_EXPRESS = 32;
    /** The divisor for the part that is kept for the first calls of lanes: 64 of 512. */
    private static final int PART_FOR_FIRST_CALLS = 8;

    private final int max;
    private final int keptForExpress;
    private final int keptForFirstCalls;
    private int inFlight;
    private int express;

    CallSlots(int max) {
        this.max = max;
        this.keptForExpress = Math.min(KEPT_FOR_EXPRESS, max / PART_FOR_EXPRESS);
        this.keptForFirstCalls = Math.max(1, max / PART_FOR_FIRST_CALLS);
    }

    /** @param ofLane the calls in flight of the lane that wants to begin another, express calls included */
    boolean hasRoom(int ofLane) {
        int free = free() - keptForExpress;
        // The factor makes up for what is kept, so that a lane alone has almost half.
        return ofLane == 0 ? free > 0 : 3L * ofLane < 4L * (free - keptForFirstCalls);
    }

    /** @param expressOfLane the express calls in flight of the lane that wants to begin another */
    boolean hasRoomForExpress(int expressOfLane) {
        boolean leavesFirstCalls = expressOfLane > 0 && express >= keptForExpress;
        return expressOfLane < free() - (leavesFirstCalls ? keptForFirstCalls : 0);
    }

    private int free() {
        return max - inFlight;
    }

    void started(boolean isExpress) {
        inFlight++;
        express += isExpress ? 1 : 0;
    }

    void ended(boolean isExpress) {
        inFlight--;
        express -= isExpress ? 1 : 0;
    }
}
