package dev.sluice.trials.chaos.history;

/**
 * A call, as the API saw it. Times are epoch milliseconds.
 *
 * @param id of the request it was made for
 * @param worker the life that made it, known by its key
 * @param endedAt {@link #NEVER}: it hung to the end
 * @param status of the answer; 0: none was begun
 * @param delivered whether all of the answer was sent
 */
public record ApiCall(String id, String worker, long startedAt, long endedAt, int status, boolean delivered) {
    public static final long NEVER = Long.MAX_VALUE;

    /** Whether the request could have ended by this answer, so that no further call was needed. */
    public boolean isFinal() {
        return delivered && (status == 200 || status == 400);
    }
}
