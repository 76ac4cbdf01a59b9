package dev.sluice.gateway.batches;

import dev.sluice.ChatReply;
import dev.sluice.gateway.files.BatchError;
import dev.sluice.gateway.files.BatchStatus;
import dev.sluice.gateway.files.BatchStore;
import dev.sluice.gateway.files.BatchStore.NumberedState;
import dev.sluice.gateway.files.BatchStore.OpenBatch;
import dev.sluice.gateway.files.DamagedBatchException;
import dev.sluice.gateway.files.StoredBatch;
import dev.sluice.worker.batch.BatchLine;
import dev.sluice.worker.batch.BatchQueue;
import dev.sluice.worker.batch.QueuedBatch;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One period in which this door runs the batches. It begins with what the doors before it have left. Whatever goes
 * wrong ends it, and the next one begins in the same way. It belongs to the thread of the batches.
 */
final class BatchTerm implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BatchTerm.class);
    /** The most lines in memory, at some 50 bytes each, unless a single batch has more. */
    private static final int MAX_LINES = 1_200_000;
    /** The fewest bytes that a line has: a batch of so many bytes has no more lines than that. */
    private static final int LINE_BYTES = 60;

    private static final int MAX_LOADING = 2;
    private static final long EVERY_NANOS = Duration.ofSeconds(1).toNanos();

    private final BatchStore store;
    private final BatchQueue queue;
    private final BatchLimits limits;
    private final ExecutorService threads;
    private final LongSupplier nanoTime;
    private final BatchLoader loader;
    private final Map<String, TrackedBatch> batches = new LinkedHashMap<>();
    private long lookedAt;
    private long savedAt;
    private long saveNanos;
    private boolean isUnsaved;
    private volatile boolean isClosed;

    /**
     * Begins with all batches that are under way, and reads their files.
     *
     * @param threads run what reads or writes whole files
     */
    BatchTerm(BatchStore store, BatchQueue queue, BatchLimits limits, ExecutorService threads, LongSupplier nanoTime)
            throws IOException {
        this.store = store;
        this.queue = queue;
        this.limits = limits;
        this.threads = threads;
        this.nanoTime = nanoTime;
        this.loader = new BatchLoader(store, limits);
        look();
        LOG.atInfo().addKeyValue("batches", batches.size()).log("Batches are run by this gateway");
    }

    private void load(TrackedBatch batch) {
        NumberedState state = batch.state();
        batch.begin(threads.submit(() -> {
            LoadedBatch loaded = loader.load(state);
            if (isClosed && loaded instanceof LoadedBatch.Started started) {
                started.batch().close(); // nobody is there to take it
            }
            return loaded;
        }));
    }

    /** Returns true once every batch that may have replies can take them. */
    boolean takesReplies() {
        return batches.values().stream()
                .noneMatch(
                        each -> each.isLoading() && each.state().batch().run().number() > 0);
    }

    void sent(String batch, int line) {
        running(batch).ifPresent(each -> each.lines().sentUpTo(line));
        isUnsaved = true;
    }

    void replied(String batch, int line, ChatReply reply) throws IOException {
        Optional<RunningBatch> running = running(batch);
        if (running.isPresent()) {
            running.get().lines().replied(line, reply);
        }
        isUnsaved = true;
    }

    private Optional<RunningBatch> running(String id) {
        return Optional.ofNullable(batches.get(id)).flatMap(TrackedBatch::running);
    }

    /**
     * Does what is to be done now.
     *
     * @return true if there may be more to do at once
     */
    boolean step() throws IOException {
        long now = nanoTime.getAsLong();
        if (now - lookedAt >= EVERY_NANOS) {
            look();
        }
        boolean isBusy = false;
        for (TrackedBatch each : List.copyOf(batches.values())) {
            isBusy |= step(each, now);
        }
        startNext();
        // a slow disk has most of its time for answers
        if (now - savedAt >= Math.max(EVERY_NANOS, 4 * saveNanos)) {
            save();
        }
        return isBusy;
    }

    /** Finds batches that are new, and what others have said of those that are known. */
    private void look() throws IOException {
        lookedAt = nanoTime.getAsLong();
        for (OpenBatch open : store.open(batches.keySet())) {
            if (!batches.containsKey(open.id())) {
                Optional<NumberedState> state = store.find(open.owner(), open.id());
                state.filter(each -> !each.batch().status().isEnd()).ifPresent(this::track);
            }
        }
        for (TrackedBatch each : List.copyOf(batches.values())) {
            if (each.isWaiting() || each.running().isPresent()) {
                Optional<NumberedState> later = store.later(each.state());
                if (later.isPresent()) {
                    update(each, later.get());
                }
            }
        }
    }

    private void track(NumberedState state) {
        TrackedBatch batch = new TrackedBatch(state);
        batches.put(batch.id(), batch);
        if (state.batch().run().number() > 0) {
            load(batch);
        }
    }

    private void update(TrackedBatch batch, NumberedState later) throws IOException {
        boolean isTakenOver =
                later.batch().run().number() != batch.state().batch().run().number();
        if (isTakenOver && batch.running().isPresent()) {
            throw new IOException("batch " + batch.id() + " is run by another gateway");
        }
        if (later.batch().status().isEnd()) {
            batches.remove(batch.id());
            return;
        }
        batch.update(later);
        if (later.batch().run().number() > 0 && batch.running().isEmpty()) {
            load(batch); // before the next reply is read, which may be one of its
        }
    }

    private boolean step(TrackedBatch batch, long now) throws IOException {
        Optional<Future<LoadedBatch>> ended = batch.ended();
        if (ended.isPresent()) {
            take(batch, ended.get());
        }
        Instant time = store.now();
        boolean isExpired = batch.isExpired(time, now, limits.steadyExpiry());
        // one that has expired is taken up all the same, so that its results say so of each line
        if (batch.isWaiting() && batch.isCancelled()) {
            StoredBatch cancelled = batch.state().batch().in(BatchStatus.CANCELLED, time);
            if (store.append(batch.state(), cancelled).isPresent()) {
                batches.remove(batch.id());
            }
        }
        Optional<RunningBatch> running = batch.running();
        return running.isPresent() && step(batch, running.get(), isExpired, now);
    }

    private void take(TrackedBatch batch, Future<LoadedBatch> task) throws IOException {
        LoadedBatch loaded;
        try {
            loaded = task.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof DamagedBatchException damaged) {
                giveUp(batch, damaged);
                return;
            }
            throw e.getCause() instanceof IOException failed ? failed : new IOException(e.getCause());
        }
        if (loaded instanceof LoadedBatch.Started started) {
            batch.run(started.batch());
        } else if (loaded instanceof LoadedBatch.Complete complete) {
            finish(batch, complete);
        } else {
            Optional<NumberedState> now = store.find(batch.owner(), batch.id());
            if (now.isPresent()) {
                update(batch, now.get());
            } else {
                batches.remove(batch.id());
            }
        }
    }

    /** Ends a batch that cannot go on. One that another door has gone on with is found again by {@link #look}. */
    private void giveUp(TrackedBatch batch, DamagedBatchException damaged) throws IOException {
        LOG.atError()
                .addKeyValue("batch", batch.id())
                .addKeyValue("error", damaged.getMessage())
                .log("Batch failed, since its files are damaged");
        NumberedState last = batch.state();
        StoredBatch failed = last.batch().in(BatchStatus.FAILED, store.now()).failingWith(List.of(BatchError.DAMAGED));
        Optional<NumberedState> unused = store.append(last, failed);
        batches.remove(batch.id());
    }

    private void finish(TrackedBatch batch, LoadedBatch.Complete complete) {
        batch.complete(complete, threads.submit(() -> {
            BatchResults.make(store, complete);
            return new LoadedBatch.Left();
        }));
    }

    private boolean step(TrackedBatch batch, RunningBatch running, boolean isExpired, long now) throws IOException {
        QueuedBatch lines = running.lines();
        boolean isStopped = batch.isCancelled() || isExpired;
        if (isStopped && batch.stop(now) && batch.isCancelled()) {
            queue.cancel(batch.id()); // after the last line was sent, so that the mark counts for all
        }
        boolean isOver = isStopped
                && queue.isCaughtUp()
                && (lines.underWay() == 0 || batch.isStoppedFor(limits.lastReplies(), now));
        if (lines.states().isComplete() || isOver) {
            seal(batch, running);
            return true;
        }
        return !batch.isPast() && !isStopped && queue.isCaughtUp() && send(batch, running);
    }

    private void seal(TrackedBatch batch, RunningBatch running) throws IOException {
        Optional<LoadedBatch.Complete> sealed = running.seal();
        if (sealed.isPresent()) {
            running.close();
            finish(batch, sealed.get());
        } else {
            look();
        }
    }

    private boolean send(TrackedBatch batch, RunningBatch running) throws IOException {
        QueuedBatch lines = running.lines();
        List<BatchLine> next = lines.next();
        if (next.isEmpty()) {
            return false;
        }
        StoredBatch stored = batch.state().batch();
        BatchQueue.Envelope envelope = new BatchQueue.Envelope(
                stored.id(), stored.order().tenant(), Instant.ofEpochSecond(stored.expiresAt()));
        int sent = queue.send(envelope, next);
        if (sent > 0) {
            lines.sentUpTo(next.get(sent - 1).number());
        } else {
            lines.rejected(next.get(0), "too_large", "the topic of requests does not take a request of this size");
            running.save();
        }
        isUnsaved = true;
        return true;
    }

    /** Takes up the batch that waits of whom has the least in memory, if there is room for it. */
    private void startNext() throws IOException {
        long loading = batches.values().stream().filter(TrackedBatch::isLoading).count();
        Optional<TrackedBatch> next = batches.values().stream()
                .filter(TrackedBatch::isWaiting)
                .min(Comparator.comparingLong(each -> linesOf(each.owner()))); // of equal ones the oldest
        if (loading >= MAX_LOADING || next.isEmpty()) {
            return;
        }
        long bytes;
        try {
            bytes = Files.size(store.input(next.get().state()));
        } catch (DamagedBatchException e) {
            giveUp(next.get(), e);
            return;
        }
        int most = (int) Math.min(limits.maxLines(), bytes / LINE_BYTES + 1);
        long inMemory = batches.values().stream().mapToLong(TrackedBatch::lines).sum();
        if (inMemory == 0 || inMemory + most <= MAX_LINES) {
            next.get().reserve(most);
            load(next.get());
        }
    }

    private long linesOf(String owner) {
        return batches.values().stream()
                .filter(each -> each.owner().equals(owner))
                .mapToLong(TrackedBatch::lines)
                .sum();
    }

    /** Makes safe what has come, and tells the queue so. */
    void save() throws IOException {
        long began = nanoTime.getAsLong();
        for (TrackedBatch each : List.copyOf(batches.values())) {
            if (each.running().isPresent()) {
                each.running().get().save();
            }
        }
        if (isUnsaved) {
            queue.commit();
            isUnsaved = false;
        }
        savedAt = nanoTime.getAsLong();
        saveNanos = savedAt - began;
    }

    /** Lets go of the files. What was not saved is read again by whoever goes on. */
    @Override
    public void close() throws IOException {
        isClosed = true;
        List<IOException> failures = new ArrayList<>();
        for (TrackedBatch each : batches.values()) {
            try {
                if (each.running().isPresent()) {
                    each.running().get().close();
                }
            } catch (IOException e) {
                failures.add(e);
            }
        }
        batches.clear();
        if (!failures.isEmpty()) {
            throw failures.get(0);
        }
    }
}
