package dev.sluice.worker.batch;

/**
 * A problem of a line of a batch, or of its file as a whole.
 *
 * @param line the number of the line, from 1, or 0 for the file as a whole
 * @param code the word for it in OpenAI's Batch API
 * @param message what is wrong and what to do
 */
public record LineProblem(int line, String code, String message) {
    /** Cuts what a line may have made long, and what could move a cursor. */
    public LineProblem {
        message = line == 0 ? message : BinaryContent.printable(message);
    }

    static final String INVALID_JSON = "invalid_json_line";
    static final String INVALID_REQUEST = "invalid_request";
    static final String DUPLICATE_CUSTOM_ID = "duplicate_custom_id";
    static final String URL_MISMATCH = "url_mismatch";
    static final String EMPTY_BATCH = "empty_batch";
    static final String TOO_MANY_TASKS = "too_many_tasks";

    /** Thrown for a line that is no request. Its message does not say which line it is. */
    static final class BadLineException extends IllegalArgumentException {
        private final String code;

        BadLineException(String code, String message) {
            super(message);
            this.code = code;
        }

        LineProblem at(int line) {
            return new LineProblem(line, code, String.valueOf(getMessage()));
        }
    }

    static LineProblem ofFile(String code, String message) {
        return new LineProblem(0, code, message);
    }

    /** Returns the problem with the name of its file. */
    String in(String file) {
        return line == 0 ? message : file + " line " + line + ": " + message;
    }
}
