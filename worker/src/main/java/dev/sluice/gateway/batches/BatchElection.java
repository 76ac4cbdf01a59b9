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

/**
 * Waits until this door is elected, and has a {@link BatchTerm} while it is. It belongs to the thread of the batches.
 */
final class BatchElection implements BatchQueue.Listener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BatchElection.class);
    private static final Duration POLL = Duration.ofMillis(100);

    private final BatchQueue queue;
    private final BatchStore store;
    private final BatchLimits limits;
    private final ExecutorService threads;
    private final LongSupplier nanoTime;
    private @Nullable BatchTerm term;
    private boolean isBusy;

    BatchElection(
            BatchQueue queue, BatchStore store, BatchLimits limits, ExecutorService threads, LongSupplier nanoTime) {
        this.queue = queue;
        this.store = store;
        this.limits = limits;
        this.threads = threads;
        this.nanoTime = nanoTime;
    }

    /** Takes what has come, and does what is to be done then. Waits a moment where nothing has come. */
    void step() throws IOException {
        queue.poll(isBusy ? Duration.ZERO : POLL, term != null && term.takesReplies(), this);
        isBusy = term != null && term.step();
    }

    /** Makes safe what has come. */
    void save() throws IOException {
        if (term != null) {
            term.save();
        }
    }

    @Override
    public void takenOver() throws IOException {
        term = new BatchTerm(store, queue, limits, threads, nanoTime);
    }

    @Override
    public void lost() throws IOException {
        LOG.info("Batches are run by another gateway from now on");
        close();
    }

    @Override
    public void sent(String batch, int line) {
        if (term != null) {
            term.sent(batch, line);
        }
    }

    @Override
    public void replied(String batch, int line, ChatReply reply) throws IOException {
        if (term != null) {
            term.replied(batch, line, reply);
        }
    }

    @Override
    public void close() throws IOException {
        BatchTerm last = term;
        term = null;
        if (last != null) {
            last.close();
        }
    }
}
