package dev.sluice.worker.pool;

import java.time.Instant;
import java.util.Optional;

/**
 * A report, or the end of a worker. Immutable.
 *
 * @param worker the worker's name
 * @param at when Kafka has taken the report; for the end of a worker, when it was noticed
 * @param report the report; empty if the worker has left
 * @param isSilent true if the worker has left without saying so
 */
public record PoolChange(String worker, Instant at, Optional<WorkerReport> report, boolean isSilent) {}
