package dev.sluice.worker.batch;

/**
 * The result of a submission.
 *
 * @param problem the reason of an end with {@link End#FAILED}, or an empty text
 * @param total the number of requests
 * @param answered the number of lines that have their answer, including failures
 * @param failed the number of lines whose answer is a failure
 * @param skipped the number of bad lines that were left out
 */
public record BatchResult(End end, String problem, int total, int answered, int failed, long skipped) {
    /** The reason why a submission ended. */
    public enum End {
        /** Every line has its answer. */
        COMPLETE,
        /** The submission was asked to stop. */
        STOPPED,
        TIMED_OUT,
        /** A request could not be sent, or an answer could not be written. */
        FAILED
    }

    /** Returns the number of lines without an answer. */
    public int missing() {
        return total - answered;
    }
}
