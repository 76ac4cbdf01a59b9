package dev.sluice.worker.batch;

import java.nio.file.Path;

/**
 * A batch that is ready to be sent.
 *
 * @param spillFolder the folder for answers that wait for their turn
 * @param ordered whether answers are written in the order of the input
 * @param run the part of the request ids that identifies this run
 */
public record BatchJob(
        BatchInput input, LineStates states, BatchOutput output, Path spillFolder, boolean ordered, String run) {}
