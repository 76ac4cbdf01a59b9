/**
 * Outcome: decides from a request and the result of its call what becomes of the request. It is a pure function: it
 * does no I/O and reads no clock.
 */
@NullMarked
package dev.sluice.worker.outcome;

import org.jspecify.annotations.NullMarked;
