/**
 * Connects a command to the Kafka of its queue. It has the options for that, and a check that a broker answers. It
 * never joins a consumer group.
 */
@NullMarked
package dev.sluice.worker.cli.connection;

import org.jspecify.annotations.NullMarked;
