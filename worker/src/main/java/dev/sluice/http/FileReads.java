package dev.sluice.http;

import io.vertx.core.Vertx;

/**
 * Reads files again every two seconds, apart from the event loop. Links and mounted secrets change without a new time
 * stamp, so that nobody tells of it. Stateless.
 */
public final class FileReads {
    private static final long INTERVAL_MILLIS = 2_000;

    private FileReads() {}

    /**
     * Runs an action again and again until Vert.x is closed.
     *
     * @param action reads a file; it may block, and handles its errors
     */
    public static void start(Vertx vertx, Runnable action) {
        vertx.setPeriodic(
                INTERVAL_MILLIS,
                tick -> vertx.executeBlocking(() -> {
                    action.run();
                    return null;
                }));
    }
}
