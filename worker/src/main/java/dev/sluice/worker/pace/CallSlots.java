package dev.sluice.worker.pace;

/**
 * The calls that a worker may have in flight, which all lanes share. A lane begins a call only while it has fewer of
 * them than are free, so that a lane whose calls hang leaves room for others, even if it came alone and first. A lane
 * alone takes half, and each further one leaves the next something. It is the rule of dynamic thresholds (Choudhury and
 * Hahne, 1998). Owned by the pace thread.
 */
final class CallSlots {
    private final int max;
    private int inFlight;

    CallSlots(int max) {
        this.max = max;
    }

    /** @param ofLane the calls in flight of the lane that wants to begin another */
    boolean hasRoom(int ofLane) {
        return ofLane < max - inFlight;
    }

    void started() {
        inFlight++;
    }

    void ended() {
        inFlight--;
    }
}
