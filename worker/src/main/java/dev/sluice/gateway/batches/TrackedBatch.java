package dev.sluice.gateway.batches;

import dev.sluice.gateway.files.BatchStatus;
import dev.sluice.gateway.files.BatchStore.NumberedState;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** A batch that has not come to an end, as a door knows it. It belongs to the thread of the batches. */
final class TrackedBatch {
    private NumberedState state;
    /** The work on its files that is under way on another thread. */
    private @Nullable Future<LoadedBatch> task;

    private @Nullable RunningBatch running;
    private int lines;
    private long pastSince = -1;
    private long stoppedSince = -1;

    TrackedBatch(NumberedState state) {
        this.state = state;
    }

    String id() {
        return state.batch().id();
    }

    String owner() {
        return state.owner();
    }

    NumberedState state() {
        return running == null ? state : running.state();
    }

    void update(NumberedState later) {
        state = later;
        if (running != null) {
            running.update(later);
        }
    }

    boolean isCancelled() {
        return state().batch().status() == BatchStatus.CANCELLING;
    }

    /** Returns true if no door has taken it up, and this one does not do so now. */
    boolean isWaiting() {
        return running == null && task == null && state.batch().run().number() == 0;
    }

    /** Returns true while its replies cannot be taken, since it is being read. */
    boolean isLoading() {
        return task != null && !state.batch().run().isSealed();
    }

    /** Says how many lines it has in memory at most. */
    void reserve(int most) {
        lines = most;
    }

    int lines() {
        return lines;
    }

    void begin(Future<LoadedBatch> work) {
        task = work;
    }

    /** Returns the work that has ended, which then is not under way any more. */
    Optional<Future<LoadedBatch>> ended() {
        Future<LoadedBatch> work = task;
        if (work == null || !work.isDone()) {
            return Optional.empty();
        }
        task = null;
        return Optional.of(work);
    }

    void run(RunningBatch started) {
        running = started;
        lines = started.lines().states().total();
    }

    /** The batch is not run any more: its results are being made. */
    void complete(LoadedBatch.Complete complete, Future<LoadedBatch> work) {
        running = null;
        state = complete.state();
        task = work;
    }

    Optional<RunningBatch> running() {
        return Optional.ofNullable(running);
    }

    /** Returns true once the batch has been past its time for so long, by a clock that does not jump. */
    boolean isExpired(Instant now, long nanos, Duration steady) {
        if (now.getEpochSecond() < state().batch().expiresAt()) {
            pastSince = -1;
            return false;
        }
        if (pastSince < 0) {
            pastSince = nanos;
        }
        return nanos - pastSince >= steady.toNanos();
    }

    /** Returns true if the batch was past its time when that was last looked at. */
    boolean isPast() {
        return pastSince >= 0;
    }

    /** Returns true when this is called for the first time. */
    boolean stop(long nanos) {
        if (stoppedSince >= 0) {
            return false;
        }
        stoppedSince = nanos;
        return true;
    }

    boolean isStoppedFor(Duration time, long nanos) {
        return stoppedSince >= 0 && nanos - stoppedSince >= time.toNanos();
    }
}
