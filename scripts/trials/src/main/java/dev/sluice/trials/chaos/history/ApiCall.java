package dev.sluice.trials.chaos.history;

/**
 * A call as the API saw it. Times are epoch milliseconds.
 *
 * @param id the id of its request
 * @param worker the name of the worker that made it, which is its API key
 * @param endedAt {@link #NEVER} if it hung to the end of the run
 * @param status the status of the answer; 0 if none was begun
 * @param delivered true if all of the answer was sent
 */
public record ApiCall(String id, String worker, long startedAt, long endedAt, int status, boolean delivered) {
    public static final long NEVER = Long.MAX_VALUE;

    /** Tells whether the API may have worked on the request, and charged it. */
    public boolean mayHaveCost() {
        return !delivered || status == 200 || status == 504 || status == 520 || status == 524;
    }

    /** Tells whether the request could end with this answer, so that no further call was needed. */
    public boolean isFinal() {
        return delivered && (status == 200 || status == 400);
    }
}
