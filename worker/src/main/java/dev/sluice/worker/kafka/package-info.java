/**
 * The one place that configures Kafka clients and the timeouts of their calls. It knows no stage of the worker,
 * nothing of requests, and it never starts a thread.
 */
@NullMarked
package dev.sluice.worker.kafka;

import org.jspecify.annotations.NullMarked;
