package dev.sluice.worker.observe;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a stage's own thread says of itself. The thread may be busy or have ended: then it is what it has said before. No
 * more than one question is with it at a time, so that they do not pile up. Thread-safe.
 */
final class PolledSnapshot<T> {
    private final Supplier<CompletableFuture<T>> ask;
    private final long patienceNanos;
    private T said;
    private @Nullable CompletableFuture<T> asked;

    /** @param before what holds until the first answer */
    PolledSnapshot(T before, Supplier<CompletableFuture<T>> ask, Duration patience) {
        this.said = before;
        this.ask = ask;
        this.patienceNanos = patience.toNanos();
    }

    /** Waits for the answer, but not for long. */
    synchronized T get() {
        CompletableFuture<T> open = asked;
        asked = null;
        if (open != null && open.isDone()) {
            said = open.isCompletedExceptionally() ? said : open.join();
            open = null;
        }
        CompletableFuture<T> waitedFor = open != null ? open : ask.get();
        try {
            said = waitedFor.get(patienceNanos, TimeUnit.NANOSECONDS);
        } catch (TimeoutException busy) {
            asked = waitedFor;
        } catch (InterruptedException interrupted) {
            asked = waitedFor;
            Thread.currentThread().interrupt();
        } catch (ExecutionException defect) {
            throw new IllegalStateException(defect);
        }
        return said;
    }
}
