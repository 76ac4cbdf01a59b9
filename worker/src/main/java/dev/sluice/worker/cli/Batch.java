package dev.sluice.worker.cli;

import dev.sluice.worker.cli.batch.BatchInput;
import dev.sluice.worker.cli.batch.BatchOutput;
import dev.sluice.worker.cli.batch.Ledger;

/**
 * What is submitted, and where its answers go.
 *
 * @param ordered whether they are written in the order of the input
 * @param run part of the requests' ids
 */
record Batch(BatchInput input, Ledger ledger, BatchOutput output, boolean ordered, String run) {}
