package dev.sluice.gateway.batches;

import dev.sluice.gateway.files.BatchStore.NumberedState;
import dev.sluice.worker.batch.BatchInput;
import dev.sluice.worker.batch.LineStates;

/** The result of taking up a batch. */
sealed interface LoadedBatch {
    /** This door runs it from now on. */
    record Started(RunningBatch batch) implements LoadedBatch {}

    /** The batch takes no more answers, and its results have to be made. */
    record Complete(NumberedState state, BatchInput input, LineStates states) implements LoadedBatch {}

    /** The batch has ended, or another door has gone on with it. */
    record Left() implements LoadedBatch {}
}
