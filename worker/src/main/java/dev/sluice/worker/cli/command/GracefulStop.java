package dev.sluice.worker.cli.command;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Stops a command in an orderly way when the process receives a signal. It asks the command to stop and keeps the
 * process alive until the command has ended, for a bounded time. The command's own thread closes it after its last
 * message.
 */
public final class GracefulStop implements AutoCloseable {
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread hook;

    private GracefulStop(String name, Runnable stop, long timeoutMillis, Runnable late) {
        this.hook = new Thread(() -> stopAndWait(stop, timeoutMillis, late), name + "-on-shutdown");
    }

    /**
     * Installs a shutdown hook.
     *
     * @param stop asks the command to stop, on the hook's thread
     * @param late runs if the command has not stopped in time. The process ends after it.
     */
    public static GracefulStop of(String name, Runnable stop, long timeoutMillis, Runnable late) {
        GracefulStop installed = new GracefulStop(name, stop, timeoutMillis, late);
        Runtime.getRuntime().addShutdownHook(installed.hook);
        return installed;
    }

    private void stopAndWait(Runnable stop, long timeoutMillis, Runnable late) {
        stop.run();
        try {
            if (!ended.await(timeoutMillis, TimeUnit.MILLISECONDS)) {
                late.run();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        ended.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is already stopping, and the hook runs.
            DebugLog.log(e);
        }
    }
}
