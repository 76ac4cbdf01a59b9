/**
 * The plan of a run: requests and faults, all of which follow from the seed. Nothing here starts anything or reads a
 * clock.
 */
@NullMarked
package dev.sluice.trials.chaos.plan;

import org.jspecify.annotations.NullMarked;
