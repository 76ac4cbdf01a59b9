/**
 * Call: one HTTP exchange with the API under one total deadline, which ends in a {@link
 * dev.sluice.worker.call.CallResult}. It never retries.
 */
@NullMarked
package dev.sluice.worker.call;

import org.jspecify.annotations.NullMarked;
