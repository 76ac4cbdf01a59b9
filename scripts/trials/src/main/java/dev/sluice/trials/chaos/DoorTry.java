package dev.sluice.trials.chaos;

/**
 * One HTTP request of a client, which may be the next try of one that has failed. Times are epoch milliseconds.
 *
 * @param door the name of the door's process
 * @param status the status of the answer, or 0 without one
 * @param text the answer, or why there was none
 */
record DoorTry(String door, long startedAt, long endedAt, TryEnd end, int status, String text) {
    /** The end of a try. */
    enum TryEnd {
        ANSWERED,
        /** Nothing listens on the door's port. */
        NOT_CONNECTED,
        /** The connection is lost before the answer is whole. */
        CUT,
        /** A stream ends with an error event, after which the client asks again. */
        INTERRUPTED,
        /** The client goes because it wants to. */
        LEFT,
        /** The client goes because its time is over, which no door may let happen. */
        TIMED_OUT
    }

    /** Tells whether the client has what it asked for, by an id that the API repeats. */
    boolean isGood(String id) {
        return end == TryEnd.ANSWERED
                && status == 200
                && (StreamedEcho.isStream(text)
                        ? StreamedEcho.isWhole(id, text)
                        : text.contains(id) && text.strip().endsWith("}"));
    }

    /** Tells whether the request may be on the queue although its client has no answer. */
    boolean mayHaveLeftARequest() {
        return end == TryEnd.CUT
                || end == TryEnd.INTERRUPTED
                || end == TryEnd.LEFT
                || (end == TryEnd.ANSWERED
                        && (text.contains("\"shutting_down\"") || text.contains("\"queue_unavailable\"")));
    }
}
