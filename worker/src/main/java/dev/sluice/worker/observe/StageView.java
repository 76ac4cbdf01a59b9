package dev.sluice.worker.observe;

import dev.sluice.worker.pace.PaceState;
import dev.sluice.worker.settle.PartitionState;
import java.time.Duration;
import java.util.List;

/** What the stages hold, asked anew each time and waited for no longer than a moment. Thread-safe. */
final class StageView {
    private static final Duration PATIENCE = Duration.ofMillis(250);

    private final WatchedStages stages;
    private final PolledSnapshot<List<PartitionState>> partitions;

    StageView(WatchedStages stages) {
        this.stages = stages;
        this.partitions = new PolledSnapshot<>(List.of(), stages.settle()::partitions, PATIENCE);
    }

    WatchedStages stages() {
        return stages;
    }

    PaceState pace() {
        return stages.pace().state();
    }

    List<PartitionState> partitions() {
        return partitions.get();
    }
}
