/**
 * The worker: {@link dev.sluice.worker.Worker} wires the five stages intake, pace, call, outcome and settle, in this
 * order, and between the first two the cache, which answers what it can. A stage may use the types of the stages before it and never those of the ones after it.
 */
@NullMarked
package dev.sluice.worker;

import org.jspecify.annotations.NullMarked;
