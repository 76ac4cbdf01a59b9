package dev.sluice.trials;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/**
 * Holds the parts that a trial has started and closes them in reverse order. {@link #close} may be called at any time
 * and from any thread.
 */
public final class StartedParts implements AutoCloseable {
    private final Consumer<String> announce;
    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private boolean closed;

    /** @param announce takes a sentence about each part that does not close */
    public StartedParts(Consumer<String> announce) {
        this.announce = announce;
    }

    /**
     * Adds a part and returns it.
     *
     * @throws IllegalStateException if these parts are closed; the part is closed then, too
     */
    public synchronized <T extends AutoCloseable> T add(T part) {
        if (closed) {
            closeQuietly(part);
            throw new IllegalStateException("the trial was stopped");
        }
        parts.push(part);
        return part;
    }

    public synchronized boolean isClosed() {
        return closed;
    }

    @Override
    public synchronized void close() {
        closed = true;
        while (!parts.isEmpty()) {
            closeQuietly(parts.pop());
        }
    }

    private void closeQuietly(AutoCloseable part) {
        try {
            part.close();
        } catch (Exception e) {
            announce.accept(part.getClass().getSimpleName() + " did not close: " + e);
        }
    }
}
