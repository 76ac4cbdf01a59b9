package dev.sluice.worker.pool;

import dev.sluice.worker.pool.BudgetReport.Source;
import dev.sluice.worker.pool.PoolView.KnownWorker;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Computes what a worker may spend of each lane's limits from the reports of all workers. It does arithmetic only. */
final class DemandShares {
    /** The lane that models share if there are too many. Which models are in it, no report says. */
    private static final String SHARED = "";

    private DemandShares() {}

    /**
     * Returns the parts of the lanes in the worker's own report. Limits that each worker finds out for itself are not
     * divided by demand, nor is that of a lane that models share.
     *
     * @param alive all workers that are alive
     * @param own the place of the worker itself among them
     * @param silent the number of bundles whose last owner has become silent
     * @param millis the time by the broker's clock, by which workers take turns with a limit that is less than one call
     *     for each
     */
    static Map<String, LentShares.Parts> of(List<KnownWorker> alive, int own, int silent, long millis) {
        int width = width(alive);
        if (width == 0 || alive.get(own).report().width() == 0) {
            return Map.of();
        }
        return alive.get(own).report().lanes().stream()
                .filter(lane -> !lane.model().equals(SHARED))
                .collect(Collectors.toMap(
                        LaneReport::model,
                        lane -> new Division(alive, lanes(alive, lane.model()), own, width, silent).parts(millis),
                        (first, second) -> first));
    }

    /** Returns the parts of the limits that several models have in common, in the same way. */
    static Map<String, LentShares.Parts> ofGroups(List<KnownWorker> alive, int own, int silent, long millis) {
        int width = width(alive);
        if (width == 0 || alive.get(own).report().width() == 0) {
            return Map.of();
        }
        return alive.get(own).report().groups().stream()
                .collect(Collectors.toMap(
                        LaneReport::model,
                        group -> new Division(alive, groups(alive, group.model()), own, width, silent).parts(millis),
                        (first, second) -> first));
    }

    private static int width(List<KnownWorker> alive) {
        // While bundles are added, some know it before others.
        return alive.stream().mapToInt(worker -> worker.report().width()).max().orElse(0);
    }

    private static List<LaneReport> lanes(List<KnownWorker> alive, String model) {
        return alive.stream().map(worker -> lane(worker, model)).toList();
    }

    private static List<LaneReport> groups(List<KnownWorker> alive, String group) {
        return alive.stream()
                .map(worker -> worker.groups().getOrDefault(group, LaneReport.NONE))
                .toList();
    }

    /** Returns the lane in which a worker calls a model. It may be the one that models share. */
    private static LaneReport lane(KnownWorker worker, String model) {
        LaneReport lane = worker.lanes().get(model);
        return lane != null ? lane : worker.lanes().getOrDefault(SHARED, LaneReport.NONE);
    }

    /** The division of the limits of one lane or group among all workers. */
    private record Division(List<KnownWorker> alive, List<LaneReport> lanes, int own, int width, int silent) {
        LentShares.Parts parts(long millis) {
            return new LentShares.Parts(
                    part(
                            LaneReport::requests,
                            (shares, limit) -> FairShares.whole(shares, FairShares.turn(millis, limit))),
                    part(LaneReport::tokens, (shares, limit) -> shares));
        }

        private double part(Function<LaneReport, BudgetReport> unit, BiFunction<double[], Double, double[]> rounded) {
            BudgetReport budget = unit.apply(lanes.get(own));
            boolean isKnown = budget.source() == Source.TOLD || budget.source() == Source.HEADER;
            if (!isKnown || budget.limit().isEmpty()) {
                return LentShares.Parts.UNKNOWN;
            }
            double limit = budget.limit().getAsDouble();
            List<FairShares.Claim> claims = new ArrayList<>();
            long claimed = 0;
            double least = limit;
            for (int i = 0; i < alive.size(); i++) {
                BudgetReport other = unit.apply(lanes.get(i));
                claims.add(new FairShares.Claim(alive.get(i).report().bundles(), other.wanted()));
                claimed += alive.get(i).report().bundles();
                if (other.source() == Source.TOLD && !lanes.get(i).model().equals(SHARED)) {
                    least = Math.min(least, other.limit().orElse(limit));
                }
            }
            // What nobody spends any more is lent until the bundles have another owner.
            claims.add(new FairShares.Claim((int) Math.max(0, Math.min(silent, width - claimed)), 0));
            return rounded.apply(FairShares.of(claims, width, least), least)[own] / limit;
        }
    }
}
