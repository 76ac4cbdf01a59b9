/**
 * {@code sluice submit}: the options and messages around a {@link dev.sluice.worker.batch.BatchSubmission}. It never
 * reads or writes a batch itself.
 */
@NullMarked
package dev.sluice.worker.cli.submit;

import org.jspecify.annotations.NullMarked;
