package dev.sluice.gateway.batches;

import dev.sluice.gateway.files.BatchProgress;
import dev.sluice.gateway.files.BatchRun;
import dev.sluice.gateway.files.BatchSegment;
import dev.sluice.gateway.files.BatchStatus;
import dev.sluice.gateway.files.BatchStore;
import dev.sluice.gateway.files.BatchStore.NumberedState;
import dev.sluice.worker.batch.BatchInput;
import dev.sluice.worker.batch.BatchOutput;
import dev.sluice.worker.batch.LineStates;
import dev.sluice.worker.batch.QueuedBatch;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A batch that this door runs, with the two files to which it writes answers. Nobody else writes to them, since their
 * names have the number of the state by which this door has taken over. Not thread-safe.
 */
final class RunningBatch implements AutoCloseable {
    private final BatchStore store;
    private final BatchInput input;
    private final QueuedBatch lines;
    private final FileChannel answers;
    private final FileChannel errors;
    private NumberedState state;
    private BatchProgress saved;

    private RunningBatch(
            BatchStore store,
            NumberedState state,
            BatchInput input,
            QueuedBatch lines,
            FileChannel answers,
            FileChannel errors) {
        this.store = store;
        this.state = state;
        this.input = input;
        this.lines = lines;
        this.answers = answers;
        this.errors = errors;
        this.saved = progress();
    }

    /**
     * Goes on with a batch.
     *
     * @param state the state by which this door has taken over
     * @param states the lines that have an answer in earlier segments
     */
    static RunningBatch start(BatchStore store, NumberedState state, BatchInput input, LineStates states, int window)
            throws IOException {
        BatchRun run = state.batch().run();
        List<FileChannel> opened = new ArrayList<>();
        try {
            FileChannel answers = create(store, state, BatchLoader.ANSWERS);
            opened.add(answers);
            FileChannel errors = create(store, state, BatchLoader.ERRORS);
            opened.add(errors);
            BatchOutput output = new BatchOutput(Channels.newOutputStream(answers), Channels.newOutputStream(errors));
            QueuedBatch lines = new QueuedBatch(state.batch().id(), input, states, output, run.sent(), window);
            return new RunningBatch(store, state, input, lines, answers, errors);
        } catch (IOException e) {
            for (FileChannel each : opened) {
                each.close();
            }
            throw e;
        }
    }

    private static FileChannel create(BatchStore store, NumberedState state, String kind) throws IOException {
        return FileChannel.open(
                store.segment(state, state.batch().run().number() + kind),
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.WRITE);
    }

    NumberedState state() {
        return state;
    }

    /** Goes on from a later state, which somebody has appended who does not run the batch. */
    void update(NumberedState later) {
        state = later;
    }

    QueuedBatch lines() {
        return lines;
    }

    private BatchProgress progress() {
        return new BatchProgress(lines.sent(), BatchLoader.counts(lines.states()));
    }

    /** Makes what was written safe from a power failure, and says how far the batch is. */
    void save() throws IOException {
        BatchProgress now = progress();
        if (!now.equals(saved)) {
            answers.force(false);
            errors.force(false);
            store.writeProgress(state, now);
            saved = now;
        }
    }

    /**
     * Adds no more answers, and says so in the batch's next state.
     *
     * @return the batch without its files, or nothing if another state has come first
     */
    Optional<LoadedBatch.Complete> seal() throws IOException {
        answers.force(true);
        errors.force(true);
        BatchRun run = state.batch().run();
        List<BatchSegment> segments = new ArrayList<>(run.segments());
        add(segments, run.number() + BatchLoader.ANSWERS, answers.size());
        add(segments, run.number() + BatchLoader.ERRORS, errors.size());
        BatchStatus status =
                state.batch().status() == BatchStatus.CANCELLING ? BatchStatus.CANCELLING : BatchStatus.FINALIZING;
        Optional<NumberedState> sealed = store.append(
                state,
                state.batch()
                        .in(status, store.now())
                        .counting(progress().counts())
                        .running(new BatchRun(run.number(), lines.sent(), segments, true)));
        return sealed.map(each -> new LoadedBatch.Complete(each, input, lines.states()));
    }

    private static void add(List<BatchSegment> segments, String name, long bytes) {
        if (bytes > 0) {
            segments.add(new BatchSegment(name, bytes));
        }
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
