/**
 * The command {@code sluice submit}: its options, and everything it prints about a {@link
 * dev.sluice.worker.batch.BatchSubmission}. It never parses a batch or writes an answer itself.
 */
@NullMarked
package dev.sluice.worker.cli.submit;

import org.jspecify.annotations.NullMarked;
