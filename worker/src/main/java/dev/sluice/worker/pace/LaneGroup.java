package dev.sluice.worker.pace;

import dev.sluice.worker.pool.BudgetReport;
import dev.sluice.worker.pool.LentShares;
import dev.sluice.worker.provider.LimitUnit;
import io.github.bucket4j.TimeMeter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/** Several models that have a limit in common, and the budgets of that limit. Owned by the pace thread. */
final class LaneGroup {
    private static final LaneState.Spending UNLIMITED =
            new LaneState.Spending(OptionalDouble.empty(), 0, BudgetReport.NONE);

    private final String name;
    private final Optional<LaneBudget> requests;
    private final Optional<LaneBudget> tokens;

    /** A charge to a budget of a group. */
    record GroupCharge(LaneBudget budget, Charge charge) {}

    /** @param name the models as {@link ConfiguredLimits} names a group */
    LaneGroup(String name, ConfiguredLimit limit, LimitShare share, TimeMeter time) {
        this.name = name;
        this.requests = budget(LimitUnit.REQUESTS, limit, share, time);
        this.tokens = budget(LimitUnit.TOKENS, limit, share, time);
    }

    /** A unit that is not limited has no budget: whose limit a rejection shows is known for single models alone. */
    private static Optional<LaneBudget> budget(
            LimitUnit unit, ConfiguredLimit limit, LimitShare share, TimeMeter time) {
        OptionalDouble perSecond = limit.perSecond(unit);
        return perSecond.isEmpty()
                ? Optional.empty()
                : Optional.of(LaneBudget.ofGroup(unit, perSecond, share.fraction(), time));
    }

    boolean has(String model) {
        return ConfiguredLimits.isInGroup(model, name);
    }

    /** Returns the budgets of the units that are limited. */
    List<LaneBudget> budgets() {
        return Stream.of(requests, tokens).flatMap(Optional::stream).toList();
    }

    void changeShare(LimitShare share) {
        budgets().forEach(budget -> budget.changeShare(share.fraction()));
    }

    void lend(LentShares shares) {
        LentShares.Parts parts = shares.ofGroup(name);
        requests.ifPresent(budget -> budget.lend(parts.requests()));
        tokens.ifPresent(budget -> budget.lend(parts.tokens()));
    }

    /**
     * @param lanes all lanes of the worker
     * @param workerHasRoom true if the worker may have more calls in flight, of any lane
     */
    LaneState state(List<Lane> lanes, boolean workerHasRoom) {
        List<Lane> members = new ArrayList<>(lanes);
        members.removeIf(lane -> !lane.groups().contains(this));
        boolean isLimited =
                members.stream().anyMatch(lane -> lane.groupsInTheWay().contains(this));
        return new LaneState(
                name,
                isLimited ? LaneState.Flow.LIMITED : LaneState.Flow.FLOWING,
                "",
                members.stream().mapToInt(Lane::size).sum(),
                members.stream().mapToInt(Lane::inFlight).sum(),
                spending(requests, LimitUnit.REQUESTS, members, workerHasRoom),
                spending(tokens, LimitUnit.TOKENS, members, workerHasRoom));
    }

    private static LaneState.Spending spending(
            Optional<LaneBudget> budget, LimitUnit unit, List<Lane> members, boolean workerHasRoom) {
        return budget.map(present -> present.spending(
                        true,
                        members.stream()
                                .mapToDouble(lane -> lane.wanted(unit, workerHasRoom))
                                .sum()))
                .orElse(UNLIMITED);
    }
}
