/**
 * The code inside the broker's own JVM. It formats the storage, starts Kafka, reports when Kafka is ready and ends with
 * its parent. Only {@link dev.sluice.sandbox.SandboxBroker} starts it. No JVM that runs anything else loads it.
 */
@NullMarked
package dev.sluice.sandbox.broker;

import org.jspecify.annotations.NullMarked;
