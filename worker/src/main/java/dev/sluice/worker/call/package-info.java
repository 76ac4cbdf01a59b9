/**
 * Call: makes one HTTP exchange with the API under one deadline, and ends it with a {@link
 * dev.sluice.worker.call.CallResult}. It never retries a call that may have been worked on.
 */
@NullMarked
package dev.sluice.worker.call;

import org.jspecify.annotations.NullMarked;
