package dev.sluice.worker.settle;

import org.jspecify.annotations.Nullable;

/**
 * Where a reply goes.
 *
 * @param partition null to let the partitioner choose by key
 * @param problem why it does not go where the request wants it; null where it does
 */
record Route(
        String topic, @Nullable Integer partition, @Nullable String problem) {}
