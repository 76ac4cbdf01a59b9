package dev.sluice.worker.pool;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** Computes what a worker may spend of each lane's limits from the reports of all workers. It does arithmetic only. */
final class DemandShares {
    private DemandShares() {}

    /**
     * Returns the parts of the lanes in the worker's own report. Limits that each worker finds out for itself are not
     * divided by demand.
     *
     * @param alive the reports of all workers that are alive, with the worker's own
     * @param turn the number of the turn in which workers spend a limit that is less than one call for each
     */
    static Map<String, LentShares.Parts> of(Map<String, WorkerReport> alive, String name, long turn) {
        WorkerReport own = alive.get(name);
        if (own == null || own.width() == 0) {
            return Map.of();
        }
        List<WorkerReport> all = new ArrayList<>(alive.values());
        int index = all.indexOf(own);
        Map<String, LentShares.Parts> parts = new HashMap<>();
        for (LaneReport lane : own.lanes()) {
            parts.put(
                    lane.model(),
                    new LentShares.Parts(
                            part(
                                    all,
                                    index,
                                    lane.model(),
                                    LaneReport::requests,
                                    shares -> FairShares.whole(shares, turn)),
                            part(all, index, lane.model(), LaneReport::tokens, shares -> shares)));
        }
        return parts;
    }

    private static double part(
            List<WorkerReport> all,
            int index,
            String model,
            Function<LaneReport, BudgetReport> unit,
            UnaryOperator<double[]> rounded) {
        WorkerReport own = all.get(index);
        BudgetReport budget = own.lane(model).map(unit).orElse(BudgetReport.NONE);
        boolean isKnown = budget.source() == BudgetReport.Source.TOLD || budget.source() == BudgetReport.Source.HEADER;
        if (!isKnown || budget.limit().isEmpty()) {
            return LentShares.Parts.UNKNOWN;
        }
        List<FairShares.Claim> claims = all.stream()
                .map(report -> new FairShares.Claim(
                        report.bundles(),
                        report.lane(model).map(unit).orElse(BudgetReport.NONE).wanted()))
                .toList();
        double limit = budget.limit().getAsDouble();
        return rounded.apply(FairShares.of(claims, own.width(), limit))[index] / limit;
    }
}
