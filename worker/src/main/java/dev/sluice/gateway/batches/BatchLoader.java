package dev.sluice.gateway.batches;

import dev.sluice.gateway.files.BatchCounts;
import dev.sluice.gateway.files.BatchError;
import dev.sluice.gateway.files.BatchRun;
import dev.sluice.gateway.files.BatchSegment;
import dev.sluice.gateway.files.BatchStatus;
import dev.sluice.gateway.files.BatchStore;
import dev.sluice.gateway.files.BatchStore.NumberedState;
import dev.sluice.gateway.files.BatchUsage;
import dev.sluice.gateway.files.DamagedBatchException;
import dev.sluice.gateway.files.StoredBatch;
import dev.sluice.worker.batch.AnswerTokens;
import dev.sluice.worker.batch.BatchInput;
import dev.sluice.worker.batch.BatchSegments;
import dev.sluice.worker.batch.LineStates;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Takes up a batch: a new one, or one that another door has left. It blocks while it reads. Thread-safe. */
final class BatchLoader {
    static final String ANSWERS = ".answers";
    static final String ERRORS = ".errors";

    private final BatchStore store;
    private final BatchLimits limits;

    BatchLoader(BatchStore store, BatchLimits limits) {
        this.store = store;
        this.limits = limits;
    }

    /**
     * Checks a batch, finds out what it has, and takes it over by its next state.
     *
     * @throws DamagedBatchException if its files are not what a door has written
     */
    LoadedBatch load(NumberedState from) throws IOException {
        if (store.later(from).isPresent()) {
            return new LoadedBatch.Left(); // its files may be gone
        }
        BatchRun before = from.batch().run();
        BatchInput input;
        try {
            input = before.number() == 0
                    ? BatchInput.checkUpTo(
                            limits.maxLines(),
                            store.input(from),
                            from.batch().order().inputFileId(),
                            limits.maxBodyBytes())
                    : checked(from);
        } catch (BatchInput.BadLinesException e) {
            refuse(from, e);
            return new LoadedBatch.Left();
        }
        LineStates states = new LineStates(input);
        BatchCounts saved = store.progress(from).counts(); // first, since its door may write more meanwhile
        List<BatchSegment> segments = new ArrayList<>(before.segments());
        for (BatchSegment segment : before.segments()) {
            if (read(from, segment.name(), segment.bytes(), input, states) != segment.bytes()) {
                throw damaged(store.segment(from, segment.name()) + " has lost answers");
            }
        }
        if (before.isSealed()) {
            return new LoadedBatch.Complete(from, input, states);
        }
        if (before.number() > 0) {
            for (String kind : List.of(ANSWERS, ERRORS)) {
                String name = before.number() + kind;
                long bytes = read(from, name, Long.MAX_VALUE, input, states);
                if (bytes > 0) {
                    segments.add(new BatchSegment(name, bytes));
                }
            }
        }
        if (states.answeredCount() < saved.completed() + saved.failed()) {
            throw damaged("of " + (saved.completed() + saved.failed()) + " answers that were saved under "
                    + store.segment(from, "") + " there are " + states.answeredCount());
        }
        return takeOver(from, input, states, segments);
    }

    /** Says that a batch is damaged, unless the directory as a whole is not there. */
    private DamagedBatchException damaged(String problem) throws IOException {
        store.requirePresent();
        return new DamagedBatchException(problem);
    }

    /** Checks once more what was checked by an earlier door, which may have had larger bounds. */
    private BatchInput checked(NumberedState from) throws IOException {
        try {
            return BatchInput.check(
                    store.input(from), from.batch().order().inputFileId(), false, Integer.MAX_VALUE / 2);
        } catch (BatchInput.BadLinesException e) {
            throw new DamagedBatchException(store.input(from) + " has changed: " + e.getMessage());
        }
    }

    /** Reads a file of answers, and makes it safe from a power failure, which its door may not have done. */
    private long read(NumberedState from, String name, long bytes, BatchInput input, LineStates states)
            throws IOException {
        Path segment = store.segment(from, name);
        if (Files.notExists(segment)) {
            return 0; // its door has died before it could make it, or it is lost
        }
        try (FileChannel channel = FileChannel.open(segment, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        return BatchSegments.read(segment, bytes, input, states);
    }

    private LoadedBatch takeOver(NumberedState from, BatchInput input, LineStates states, List<BatchSegment> segments)
            throws IOException {
        StoredBatch batch = from.batch();
        int sent = store.progress(from).sent();
        BatchStatus status = batch.status() == BatchStatus.VALIDATING ? BatchStatus.IN_PROGRESS : batch.status();
        Optional<NumberedState> taken = store.append(
                from,
                batch.of(input.model())
                        .in(status, store.now())
                        .counting(counts(states))
                        .running(new BatchRun(from.number() + 1, sent, segments, false)));
        return taken.isPresent()
                ? new LoadedBatch.Started(RunningBatch.start(store, taken.get(), input, states, limits.window()))
                : new LoadedBatch.Left();
    }

    static BatchCounts counts(LineStates states) {
        return new BatchCounts(
                states.total(),
                states.answeredCount() - states.failedCount(),
                states.failedCount(),
                usage(states.tokens()));
    }

    private static BatchUsage usage(AnswerTokens tokens) {
        return new BatchUsage(tokens.input(), tokens.cached(), tokens.output(), tokens.reasoning(), tokens.total());
    }

    private void refuse(NumberedState from, BatchInput.BadLinesException bad) throws IOException {
        List<BatchError> errors = bad.lineProblems().stream()
                .map(each -> new BatchError(each.code(), each.message(), each.line()))
                .toList();
        // if another door was first, it has found the same, or the batch was cancelled
        Optional<NumberedState> unused = store.append(
                from, from.batch().in(BatchStatus.FAILED, store.now()).failingWith(errors));
    }
}
