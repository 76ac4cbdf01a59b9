package dev.sluice.worker.batch;

import dev.sluice.JsonRequestBuilder;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/**
 * A batch that is ready to be sent.
 *
 * @param envelope adds to each request what it carries beside its body
 * @param spillFolder the folder for answers that wait for their turn
 * @param ordered whether answers are written in the order of the input
 * @param run the part of the request ids that identifies this run
 */
public record BatchJob(
        BatchInput input,
        UnaryOperator<JsonRequestBuilder> envelope,
        LineStates states,
        BatchOutput output,
        Path spillFolder,
        boolean ordered,
        String run) {}
