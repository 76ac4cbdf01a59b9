/**
 * The chaos trial: real workers on a real broker, faults by a schedule, and a check of the whole history. {@link
 * dev.sluice.trials.chaos.ChaosRun} is the trial from start to end. The package {@code plan} says what is to happen,
 * {@code history} what has happened, and {@code check} judges the history.
 */
@NullMarked
package dev.sluice.trials.chaos;

import org.jspecify.annotations.NullMarked;
