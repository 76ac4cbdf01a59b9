/**
 * Owns the console, a page for people who look at a queue. It shows what the tools for the command line read from
 * Kafka, and has no knowledge of its own beyond the last hour of it. It never knows a stage of the worker.
 *
 * <p>Connections belong to one event loop. Kafka is read on the thread {@code sluice-console-reader}, which sends the
 * event loop whole events.
 */
@NullMarked
package dev.sluice.console;

import org.jspecify.annotations.NullMarked;
