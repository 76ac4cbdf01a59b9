/**
 * The commands of {@code sluice topics}, which create and describe a queue's topics. They never change the settings of
 * an existing topic.
 */
@NullMarked
package dev.sluice.worker.cli.topics;

import org.jspecify.annotations.NullMarked;
