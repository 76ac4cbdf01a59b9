/**
 * The connection of a command to its queue's Kafka: its options, and a check that a broker answers before anything else
 * fails for the want of one. It never joins a group.
 */
@NullMarked
package dev.sluice.worker.cli.connection;

import org.jspecify.annotations.NullMarked;
