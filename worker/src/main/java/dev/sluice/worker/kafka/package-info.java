/**
 * The one place that configures Kafka clients: consumers, producers, and waiting for the answers of an admin client. It
 * knows nothing of requests, and it never starts a thread.
 */
@NullMarked
package dev.sluice.worker.kafka;

import org.jspecify.annotations.NullMarked;
