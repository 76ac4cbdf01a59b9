package dev.sluice.gateway;

import dev.sluice.gateway.files.BatchWatch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Tells what an operator should know of a door that is ready all the same: it takes requests, which wait until that is
 * mended. Thread-safe.
 */
final class DoorWarnings implements Supplier<List<String>> {
    /** A batch that was cancelled may wait ten minutes for its last replies. */
    private static final Duration LONGEST_STALL = Duration.ofMinutes(15);

    private final WorkerWatch workers;
    private final Optional<BatchWatch> batches;

    DoorWarnings(WorkerWatch workers, Optional<BatchWatch> batches) {
        this.workers = workers;
        this.batches = batches;
    }

    @Override
    public List<String> get() {
        List<String> warnings = new ArrayList<>();
        if (workers.alive().orElse(1) == 0) {
            warnings.add("warning: no worker is alive, so requests wait; start one with 'sluice worker'");
        }
        if (batches.isPresent() && !batches.get().isReadable()) {
            warnings.add("warning: the directory of files cannot be read, so batches stand still; the log says why");
        }
        batches.map(BatchWatch::stall)
                .filter(stall -> stall.compareTo(LONGEST_STALL) > 0)
                .ifPresent(stall -> warnings.add("warning: a batch has not moved for " + stall.toMinutes()
                        + " minutes; the log of the gateway that runs the batches may say why"));
        return warnings;
    }
}
