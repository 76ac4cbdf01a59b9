/**
 * What runs inside the broker's own JVM: it formats the storage, starts Kafka, says when Kafka is ready and dies with
 * its parent. Started by {@link dev.sluice.sandbox.SandboxBroker} only; never loaded by a JVM that runs anything else.
 */
@NullMarked
package dev.sluice.sandbox.broker;

import org.jspecify.annotations.NullMarked;
