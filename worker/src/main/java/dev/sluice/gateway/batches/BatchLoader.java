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
        List<BatchSegment> segments = new ArrayList<>(before.segments());
        for (BatchSegment segment : before.segments()) {
            if (read(from, segment.name(), segment.bytes(), input, states) != segment.bytes()) {
                throw new DamagedBatchException(store.segment(from, segment.name()) + " has lost answers");
            }
        }
        if (before.isSealed()) {
            return new LoadedBatch.Complete(from, input, states);
        }
        if (before.number() > 0) {
            for (String kind : List.of(ANSWERS, ERRORS)) {
                String name = before.number() + kind;
                if (Files.notExists(store.segment(from, name))) {
                    continue; // its door has died before it could make it
                }
                force(store.segment(from, name));
                long bytes = read(from, name, Long.MAX_VALUE, input, states);
                if (bytes > 0) {
                    segments.add(new BatchSegment(name, bytes));
                }
            }
        }
        return takeOver(from, input, states, segments);
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

    /** Makes a file of answers safe from a power failure, which its door may not have done. */
    private static void force(Path segment) throws IOException {
        try (FileChannel channel = FileChannel.open(segment, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }

    private long read(NumberedState from, String name, long bytes, BatchInput input, LineStates states)
            throws IOException {
        try {
            return BatchSegments.read(store.segment(from, name), bytes, input, states);
        } catch (IllegalArgumentException e) {
            throw new DamagedBatchException(String.valueOf(e.getMessage()));
        }
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
