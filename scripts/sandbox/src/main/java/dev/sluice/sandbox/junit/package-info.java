/**
 * Kafka for tests that need one: {@link dev.sluice.sandbox.junit.KafkaExtension} and the choice it makes between a
 * container and the sandbox's broker. Needs JUnit Jupiter, and Testcontainers only where containers are to be used; never
 * loaded by the {@code sandbox} command.
 */
@NullMarked
package dev.sluice.sandbox.junit;

import org.jspecify.annotations.NullMarked;
