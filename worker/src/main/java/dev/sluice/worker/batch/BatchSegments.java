package dev.sluice.worker.batch;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;

/** Reads and completes the answers of the doors that have run a batch one after the other. Stateless. */
public final class BatchSegments {
    private BatchSegments() {}

    /**
     * Marks the lines as answered that have an answer in the first bytes of a file.
     *
     * @return the size of the answers that count, up to a line that is torn or answers no line of this batch
     */
    public static long read(Path file, long bytes, BatchInput input, LineStates states) throws IOException {
        return AnswerFile.read(file, bytes, input, states);
    }

    /**
     * Writes a line for each request without an answer.
     *
     * @param id the id of the batch
     * @param isCancelled true if the batch was cancelled, and false if it has expired
     */
    public static void writeMissing(
            String id, BatchInput input, LineStates states, boolean isCancelled, OutputStream out) throws IOException {
        OutputStream buffered = new BufferedOutputStream(out);
        try (BatchInput.Lines lines = input.open()) {
            for (int line = states.firstUnanswered(); line < states.size(); line = states.firstUnanswered(line + 1)) {
                buffered.write(ApiAnswer.failed(
                                BatchQueue.requestId(id, line),
                                lines.read(line),
                                isCancelled ? ApiAnswer.CANCELLED : ApiAnswer.EXPIRED,
                                isCancelled
                                        ? "the batch was cancelled before this request was called"
                                        : "the batch has expired before this request was called")
                        .line());
            }
        }
        buffered.flush();
    }
}
