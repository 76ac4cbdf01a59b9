package dev.sluice.worker.batch;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The files of a batch for its requests, answers and failures. The answers of a previous run have been read already.
 * Not thread-safe.
 */
public final class BatchFiles {
    private final BatchInput input;
    private final LineStates states;
    private final @Nullable AnswerFile answers;
    private final @Nullable AnswerFile errors;

    /**
     * Combines files that have been read.
     *
     * @param states the lines that the answer files answer already
     * @param answers the file for answers, or null for a stream that is given to {@link #open}
     * @param errors the file for failed requests, or null if they go where the answers go
     */
    public BatchFiles(BatchInput input, LineStates states, @Nullable AnswerFile answers, @Nullable AnswerFile errors) {
        this.input = input;
        this.states = states;
        this.answers = answers;
        this.errors = errors;
    }

    public BatchInput input() {
        return input;
    }

    public LineStates states() {
        return states;
    }

    /** Tells whether a previous run has written its answers in the order of the batch. */
    public boolean isAnsweredInOrder() {
        return (answers == null || answers.isInOrder())
                && (errors == null || errors.isInOrder())
                && states.isAnsweredInOrder();
    }

    /** Returns the folder for answers that wait for their turn. */
    public Path spillFolder() {
        // beside the output, where there must be room anyway; the system's temporary folder may be in memory
        boolean isFile = answers != null && !AnswerFile.isStream(answers.path());
        Path folder = isFile ? answers.path().toAbsolutePath().getParent() : null;
        return folder == null ? Path.of(System.getProperty("java.io.tmpdir")) : folder;
    }

    /**
     * Opens the files for writing and locks them until the output is closed.
     *
     * @param standardOutput receives the answers if there is no file for them
     */
    public BatchOutput open(OutputStream standardOutput) throws IOException, AnswerFile.InUseException {
        OutputStream answerStream = answers == null ? standardOutput : answers.open();
        return new BatchOutput(answerStream, errors == null ? answerStream : errors.open());
    }

    /** Returns when everything that was written is on the disk. */
    public void force() throws IOException {
        if (answers != null) {
            answers.force();
        }
        if (errors != null) {
            errors.force();
        }
    }
}
