package dev.sluice.worker.threads;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Getting warm beside the start. Nothing rests on it: however it fails, the first calls are slow and that is all. */
public final class WarmStart {
    private static final Logger log = LoggerFactory.getLogger(WarmStart.class);

    private WarmStart() {}

    /**
     * Begins it.
     *
     * @param executor runs it on a thread of its own
     * @param atMost how long anybody waits for it, be it that it hangs
     * @return completes normally, whatever becomes of it
     */
    public static CompletableFuture<Void> begin(Executor executor, Runnable warmUp, Duration atMost) {
        try {
            return CompletableFuture.runAsync(warmUp, executor)
                    .exceptionally(WarmStart::failed)
                    .completeOnTimeout(null, atMost.toNanos(), TimeUnit.NANOSECONDS);
        } catch (Throwable failure) {
            // such as no thread being left for it
            return CompletableFuture.completedFuture(failed(failure));
        }
    }

    @SuppressWarnings("NullAway") // the only value of a Void
    private static Void failed(Throwable failure) {
        log.atDebug().setCause(failure).log("calls are not warmed up");
        return null;
    }
}
