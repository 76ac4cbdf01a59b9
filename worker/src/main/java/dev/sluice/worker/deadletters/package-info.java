/**
 * Reads the dead-letter topic, filters and counts the dead letters, and replays them. This package never prints
 * anything, and it changes the topics only by replaying. It knows neither options nor a terminal.
 */
@NullMarked
package dev.sluice.worker.deadletters;

import org.jspecify.annotations.NullMarked;
