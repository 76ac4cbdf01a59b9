/**
 * {@code sluice ask}: one request, and its answer on standard output.
 */
@NullMarked
package dev.sluice.worker.cli.ask;

import org.jspecify.annotations.NullMarked;
