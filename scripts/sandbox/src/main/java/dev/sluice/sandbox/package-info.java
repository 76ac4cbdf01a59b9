/**
 * The environment of Sluice on one machine. It has a real Kafka broker ({@link dev.sluice.sandbox.SandboxBroker}) in a
 * process of its own, a stand-in for the chat API, and the {@code sandbox} command that runs both.
 *
 * <p>The package owns processes, ports and folders and releases all of them. It is never used in production and never
 * depends on the worker or the SDK.
 */
@NullMarked
package dev.sluice.sandbox;

import org.jspecify.annotations.NullMarked;
