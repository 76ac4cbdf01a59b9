package dev.sluice;

import java.time.Instant;

/**
 * Where a submitted request lies.
 *
 * @param id the request's id, the one given or the UUIDv7 made for it; the reply carries the same
 * @param topic the topic it was written to
 * @param partition its partition, 0 or more
 * @param offset its offset, 0 or more
 * @param timestamp when the broker appended it, where the topic uses {@code LogAppendTime} (as {@code sluice topics
 *     create} makes it), else when it was sent
 */
public record Receipt(String id, String topic, int partition, long offset, Instant timestamp) {}
