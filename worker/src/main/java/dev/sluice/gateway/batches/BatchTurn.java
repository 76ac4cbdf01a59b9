package dev.sluice.gateway.batches;

import dev.sluice.ChatReply;
import dev.sluice.gateway.files.BatchStore;
import dev.sluice.worker.batch.BatchQueue;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Waits for this door's turn, and has a {@link BatchShift} while it lasts. It belongs to the thread of the batches. */
final class BatchTurn implements BatchQueue.Listener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BatchTurn.class);
    private static final Duration POLL = Duration.ofMillis(100);

    private final BatchQueue queue;
    private final BatchStore store;
    private final BatchLimits limits;
    private final ExecutorService threads;
    private final LongSupplier nanoTime;
    private @Nullable BatchShift shift;
    private boolean isBusy;

    BatchTurn(BatchQueue queue, BatchStore store, BatchLimits limits, ExecutorService threads, LongSupplier nanoTime) {
        this.queue = queue;
        this.store = store;
        this.limits = limits;
        this.threads = threads;
        this.nanoTime = nanoTime;
    }

    /** Takes what has come, and does what is to be done then. Waits a moment where nothing has come. */
    void step() throws IOException {
        queue.poll(isBusy ? Duration.ZERO : POLL, shift != null && shift.takesReplies(), this);
        isBusy = shift != null && shift.step();
    }

    /** Makes safe what has come. */
    void save() throws IOException {
        if (shift != null) {
            shift.save();
        }
    }

    @Override
    public void takenOver() throws IOException {
        shift = new BatchShift(store, queue, limits, threads, nanoTime);
    }

    @Override
    public void lost() throws IOException {
        LOG.info("Batches are run by another gateway from now on");
        close();
    }

    @Override
    public void sent(String batch, int line) {
        if (shift != null) {
            shift.sent(batch, line);
        }
    }

    @Override
    public void replied(String batch, int line, ChatReply reply) throws IOException {
        if (shift != null) {
            shift.replied(batch, line, reply);
        }
    }

    @Override
    public void close() throws IOException {
        BatchShift last = shift;
        shift = null;
        if (last != null) {
            last.close();
        }
    }
}
