package dev.sluice.worker.observe;

import dev.sluice.worker.pace.PaceState;
import dev.sluice.worker.settle.PartitionState;
import java.time.Duration;
import java.util.List;

/** What the stages hold, asked anew each time and waited for no longer than a moment. Thread-safe. */
final class StageView {
    private static final Duration PATIENCE = Duration.ofMillis(250);

    private final Stages stages;
    private final Latest<PaceState> pace;
    private final Latest<List<PartitionState>> partitions;

    StageView(Stages stages) {
        this.stages = stages;
        this.pace = new Latest<>(PaceState.NONE, stages.pace()::state, PATIENCE);
        this.partitions = new Latest<>(List.of(), stages.settle()::partitions, PATIENCE);
    }

    Stages stages() {
        return stages;
    }

    PaceState pace() {
        return pace.get();
    }

    List<PartitionState> partitions() {
        return partitions.get();
    }
}
