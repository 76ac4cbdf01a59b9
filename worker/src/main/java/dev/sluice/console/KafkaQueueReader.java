package dev.sluice.console;

import dev.sluice.worker.pool.PoolReader;
import dev.sluice.worker.status.QueueStatus;
import dev.sluice.worker.status.StatusReader;

/** Reads a queue as {@code sluice status} does. Not thread-safe. */
public final class KafkaQueueReader implements QueueReader {
    private final StatusReader status;
    private final PoolReader pool;

    /** Makes a reader that closes both when it is closed. */
    public KafkaQueueReader(StatusReader status, PoolReader pool) {
        this.status = status;
        this.pool = pool;
    }

    @Override
    public QueueReading read() throws InterruptedException {
        QueueStatus read = status.read();
        boolean isWorked = !read.group().members().isEmpty();
        return new QueueReading(read, isWorked ? pool.read() : pool.readWithoutWaiting());
    }

    @Override
    public void close() {
        pool.close();
        status.close();
    }
}
