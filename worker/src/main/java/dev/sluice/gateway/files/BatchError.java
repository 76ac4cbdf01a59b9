package dev.sluice.gateway.files;

/**
 * A problem of the input of a batch.
 *
 * @param code the word of OpenAI's API
 * @param line the number of the line, from 1, or 0 for the file as a whole
 */
public record BatchError(String code, String message, int line) {
    /** The error of a batch whose files are not what a door has written. */
    public static final BatchError DAMAGED = new BatchError(
            "damaged_files",
            "this gateway's files of the batch are damaged, so it cannot go on; create it again from the same input, or"
                    + " ask the gateway's operator for the answers that it had",
            0);
}
