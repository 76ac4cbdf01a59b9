/**
 * Kafka for tests that need one. {@link dev.sluice.sandbox.junit.KafkaExtension} chooses between a container and the
 * sandbox's broker. The package needs JUnit Jupiter, and Testcontainers only for containers. The {@code sandbox}
 * command never loads it.
 */
@NullMarked
package dev.sluice.sandbox.junit;

import org.jspecify.annotations.NullMarked;
