/**
 * {@code sluice topics}: creates a queue's topics and describes them. It never changes the settings of an existing
 * topic.
 */
@NullMarked
package dev.sluice.worker.cli.topics;

import org.jspecify.annotations.NullMarked;
