/** What is to happen: requests and faults, all of which follow from the seed. Starts nothing and reads no clock. */
@NullMarked
package dev.sluice.trials.chaos.plan;

import org.jspecify.annotations.NullMarked;
