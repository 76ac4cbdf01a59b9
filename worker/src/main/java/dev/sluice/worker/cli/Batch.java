package dev.sluice.worker.cli;

import dev.sluice.worker.cli.batch.BatchInput;
import dev.sluice.worker.cli.batch.BatchOutput;
import dev.sluice.worker.cli.batch.Ledger;
import java.nio.file.Path;

/**
 * What is submitted, and where its answers go.
 *
 * @param waiting the folder for answers that wait for their turn
 * @param ordered whether they are written in the order of the input
 * @param run part of the requests' ids
 */
record Batch(BatchInput input, Ledger ledger, BatchOutput output, Path waiting, boolean ordered, String run) {}
