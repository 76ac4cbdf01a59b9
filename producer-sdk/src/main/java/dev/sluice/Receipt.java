package dev.sluice;

import java.time.Instant;

/**
 * The place of a submitted request in Kafka.
 *
 * @param id the request's id, either the one it was given or a new UUIDv7; the reply carries the same id
 * @param topic the topic it was written to
 * @param partition its partition, 0 or more
 * @param offset its offset, 0 or more
 * @param timestamp the time of the append if the topic uses {@code LogAppendTime}, else the time of sending.
 *     {@code sluice topics create} makes topics with {@code LogAppendTime}.
 */
public record Receipt(String id, String topic, int partition, long offset, Instant timestamp) {}
