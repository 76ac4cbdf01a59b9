/** What has happened: facts with their times, as the driver saw them from outside the workers. Judges nothing. */
@NullMarked
package dev.sluice.trials.chaos.history;

import org.jspecify.annotations.NullMarked;
