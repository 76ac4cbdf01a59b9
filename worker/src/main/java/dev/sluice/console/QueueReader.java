package dev.sluice.console;

import dev.sluice.worker.text.CommandException;

/** Reads the present state of a queue. One thread uses it. */
public interface QueueReader extends AutoCloseable {
    /**
     * Reads it. This may take several seconds where Kafka is slow.
     *
     * @throws CommandException if it cannot be read. The message says why and what to do.
     */
    QueueReading read() throws InterruptedException;

    @Override
    void close();
}
