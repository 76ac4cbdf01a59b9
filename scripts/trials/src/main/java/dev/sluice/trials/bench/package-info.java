/**
 * The bench: measures real workers on a real broker, and compares the figures with stated bounds. A scenario publishes
 * requests with numbers. The stand-in and a reader of the replies write down what happens to each of them in {@link
 * dev.sluice.trials.bench.RequestTimes}, from which the scenario computes its {@link
 * dev.sluice.trials.bench.ScenarioResult}. Nothing here looks into a worker.
 */
@NullMarked
package dev.sluice.trials.bench;

import org.jspecify.annotations.NullMarked;
