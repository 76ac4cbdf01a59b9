/**
 * The history of a run: facts with their times, as the driver saw them from outside the workers. Nothing here judges.
 */
@NullMarked
package dev.sluice.trials.chaos.history;

import org.jspecify.annotations.NullMarked;
