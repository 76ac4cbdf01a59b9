/**
 * Measures real workers on a real broker, one scenario at a time, and compares what it finds with stated bounds. Owns
 * load, clocks and verdicts; never looks into a worker.
 */
@NullMarked
package dev.sluice.trials.bench;

import org.jspecify.annotations.NullMarked;
