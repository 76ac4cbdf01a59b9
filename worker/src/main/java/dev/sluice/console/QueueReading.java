package dev.sluice.console;

import dev.sluice.worker.pool.PoolReading;
import dev.sluice.worker.status.QueueStatus;

/**
 * A queue at one moment. Immutable.
 *
 * @param status what Kafka knows of it
 * @param pool what its workers report
 */
public record QueueReading(QueueStatus status, PoolReading pool) {}
