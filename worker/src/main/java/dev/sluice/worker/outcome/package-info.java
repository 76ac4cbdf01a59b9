/**
 * Outcome: a pure function from a request and the result of its call to what becomes of the request. It does no I/O and
 * reads no clock that it was not given.
 */
@NullMarked
package dev.sluice.worker.outcome;

import org.jspecify.annotations.NullMarked;
