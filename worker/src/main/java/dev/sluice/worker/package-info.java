/**
 * The worker. {@link dev.sluice.worker.Worker} assembles the stages intake, cache, pace, call, outcome and settle, and
 * {@link dev.sluice.worker.RequestFlow} carries each request from one to the next in this order. A stage may use the
 * types of the stages before it, and never the types of the stages after it.
 */
@NullMarked
package dev.sluice.worker;

import org.jspecify.annotations.NullMarked;
