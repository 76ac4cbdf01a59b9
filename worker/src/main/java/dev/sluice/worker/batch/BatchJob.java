package dev.sluice.worker.batch;

import java.nio.file.Path;

/**
 * What is submitted, and where its answers go.
 *
 * @param waiting the folder for answers that wait for their turn
 * @param ordered whether they are written in the order of the input
 * @param run part of the requests' ids
 */
public record BatchJob(
        BatchInput input, LineStates ledger, BatchOutput output, Path waiting, boolean ordered, String run) {}
