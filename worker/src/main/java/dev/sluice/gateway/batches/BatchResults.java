package dev.sluice.gateway.batches;

import dev.sluice.gateway.files.BatchCounts;
import dev.sluice.gateway.files.BatchSegment;
import dev.sluice.gateway.files.BatchStatus;
import dev.sluice.gateway.files.BatchStore;
import dev.sluice.gateway.files.BatchStore.NumberedState;
import dev.sluice.gateway.files.ResultDraft;
import dev.sluice.gateway.files.StoredBatch;
import dev.sluice.worker.batch.BatchSegments;
import dev.sluice.worker.batch.LineStates;
import java.io.IOException;
import java.util.Optional;

/**
 * Makes the files of results of a batch to which no answer is added any more, and ends it. They have the same bytes and
 * names whoever makes them, so it does no harm if two doors do. Stateless.
 */
final class BatchResults {
    private BatchResults() {}

    /** Makes both files and writes the last state. It blocks while it copies. */
    static void make(BatchStore store, LoadedBatch.Complete complete) throws IOException {
        NumberedState state = complete.state();
        LineStates states = complete.states();
        Optional<String> answers;
        try (ResultDraft draft = store.newResult(state, false)) {
            add(store, state, BatchLoader.ANSWERS, draft);
            answers = draft.publish();
        }
        Optional<String> errors;
        boolean isCancelled = state.batch().status() == BatchStatus.CANCELLING;
        try (ResultDraft draft = store.newResult(state, true)) {
            add(store, state, BatchLoader.ERRORS, draft);
            BatchSegments.writeMissing(state.batch().id(), complete.input(), states, isCancelled, draft.stream());
            errors = draft.publish();
        }
        BatchCounts counts = BatchLoader.counts(states);
        StoredBatch ended = state.batch()
                .in(end(isCancelled, states), store.now())
                .with(answers, errors)
                .counting(new BatchCounts(
                        counts.total(), counts.completed(), counts.total() - counts.completed(), counts.usage()));
        Optional<NumberedState> unused = store.append(state, ended); // or another door has done the same
    }

    private static BatchStatus end(boolean isCancelled, LineStates states) {
        return isCancelled ? BatchStatus.CANCELLED : states.isComplete() ? BatchStatus.COMPLETED : BatchStatus.EXPIRED;
    }

    private static void add(BatchStore store, NumberedState state, String kind, ResultDraft draft) throws IOException {
        for (BatchSegment segment : state.batch().run().segments()) {
            if (segment.name().endsWith(kind)) {
                draft.add(store.segment(state, segment.name()), segment.bytes());
            }
        }
    }
}
