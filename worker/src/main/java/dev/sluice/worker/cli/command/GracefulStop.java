package dev.sluice.worker.cli.command;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets a command end in order when the process is told to: it is asked to stop, and the process lives on until it has, or
 * for a bounded time. Closed by the command's own thread when all is said.
 */
public final class GracefulStop implements AutoCloseable {
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread hook;

    private GracefulStop(String name, Runnable stop, long patienceMillis, Runnable late) {
        this.hook = new Thread(() -> stopAndWait(stop, patienceMillis, late), name + "-on-shutdown");
    }

    /**
     * From now on.
     *
     * @param stop asks the command to stop; on a thread of its own
     * @param late called where it has not stopped in time; the process ends after it
     */
    public static GracefulStop of(String name, Runnable stop, long patienceMillis, Runnable late) {
        GracefulStop lastWords = new GracefulStop(name, stop, patienceMillis, late);
        Runtime.getRuntime().addShutdownHook(lastWords.hook);
        return lastWords;
    }

    private void stopAndWait(Runnable stop, long patienceMillis, Runnable late) {
        stop.run();
        try {
            if (!ended.await(patienceMillis, TimeUnit.MILLISECONDS)) {
                late.run();
            }
        } catch (InterruptedException inAHurry) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        ended.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException stopping) {
            DebugLog.log(stopping);
        }
    }
}
