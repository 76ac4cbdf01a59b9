package dev.sluice.worker.pace;

import dev.sluice.worker.pool.LentShares;
import io.github.bucket4j.TimeMeter;
import java.util.List;
import java.util.Map;

/** The groups of models that have a limit in common. Owned by the pace thread. */
final class LaneGroups {
    /** The absence of groups. */
    static final LaneGroups NONE = new LaneGroups(List.of());

    private final List<LaneGroup> groups;

    private LaneGroups(List<LaneGroup> groups) {
        this.groups = groups;
    }

    static LaneGroups of(Map<String, ConfiguredLimit> limits, LimitShare share, TimeMeter time) {
        return new LaneGroups(limits.entrySet().stream()
                .map(group -> new LaneGroup(group.getKey(), group.getValue(), share, time))
                .toList());
    }

    /** Returns the groups that a model is in. */
    List<LaneGroup> of(String model) {
        return groups.stream().filter(group -> group.has(model)).toList();
    }

    void changeShare(LimitShare share) {
        groups.forEach(group -> group.changeShare(share));
    }

    /** Changes what may be spent of each group's limits because other workers do not. */
    void lend(LentShares shares) {
        groups.forEach(group -> group.lend(shares));
    }

    List<LaneState> states(List<Lane> lanes, boolean workerHasRoom) {
        return groups.stream().map(group -> group.state(lanes, workerHasRoom)).toList();
    }
}
