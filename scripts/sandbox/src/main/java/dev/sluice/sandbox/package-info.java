/**
 * What Sluice needs around it, on one machine: a real Kafka broker ({@link dev.sluice.sandbox.SandboxBroker}) in a
 * process of its own, a stand-in for the chat API, and the {@code sandbox} command that runs both. Owns processes, ports
 * and folders, and gives all of them back; never used in production and never depends on the worker or the SDK.
 */
@NullMarked
package dev.sluice.sandbox;

import org.jspecify.annotations.NullMarked;
