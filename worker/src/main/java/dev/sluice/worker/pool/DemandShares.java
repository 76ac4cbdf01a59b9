package dev.sluice.worker.pool;

import dev.sluice.worker.pool.BudgetReport.Source;
import dev.sluice.worker.pool.PoolView.KnownWorker;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Computes what a worker may spend of each lane's limits from the reports of all workers. It does arithmetic only. */
final class DemandShares {
    /** The part of a call that the margin of an even pace swallows. */
    private static final double NOT_A_CALL = 0.05;

    private static final double EXACT = 1e-9;

    private DemandShares() {}

    /**
     * Returns the parts of the lanes in the worker's own report. The limit of a lane that models share is not divided
     * by demand.
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
                .filter(lane -> !lane.model().equals(PoolView.SHARED))
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
        return alive.stream().map(worker -> worker.lane(model)).toList();
    }

    private static List<LaneReport> groups(List<KnownWorker> alive, String group) {
        return alive.stream()
                .map(worker -> worker.groups().getOrDefault(group, LaneReport.NONE))
                .toList();
    }

    /** The division of the limits of one lane or group among all workers. */
    private record Division(
            List<KnownWorker> alive, List<LaneReport> lanes, int own, OptionalInt pilot, int width, int silent) {
        Division(List<KnownWorker> alive, List<LaneReport> lanes, int own, int width, int silent) {
            this(alive, lanes, own, PilotElection.pilot(lanes), width, silent);
        }

        LentShares.Parts parts(long millis) {
            return new LentShares.Parts(
                    part(
                            LaneReport::requests,
                            (shares, limit) -> FairShares.whole(shares, FairShares.turn(millis, limit))),
                    part(LaneReport::tokens, (shares, limit) -> shares));
        }

        private LimitPart part(
                Function<LaneReport, BudgetReport> unit, BiFunction<double[], Double, double[]> rounded) {
            BudgetReport budget = unit.apply(lanes.get(own));
            if (budget.isNamed() && budget.limit().isPresent()) {
                double limit = least(unit, budget.limit().getAsDouble());
                double[] parts = rounded.apply(divided(unit, limit), limit);
                return new LimitPart.Named(share(parts[own], budget.limit().getAsDouble()), place());
            }
            BudgetReport found = pilot.isPresent() ? unit.apply(lanes.get(pilot.getAsInt())) : BudgetReport.NONE;
            if (pilot.isEmpty() || found.isNamed()) {
                return LimitPart.UNKNOWN;
            }
            return found.limit().isPresent() ? found(unit, found, rounded) : unlimited(unit, found);
        }

        private LimitPart found(
                Function<LaneReport, BudgetReport> unit,
                BudgetReport found,
                BiFunction<double[], Double, double[]> rounded) {
            double limit = least(unit, found.limit().orElseThrow());
            double[] parts = rounded.apply(divided(unit, limit), limit);
            double share = share(parts[own], limit);
            double others = others(unit, parts, limit);
            return pilot.orElseThrow() == own
                    ? new LimitPart.Piloted(share, limit, others, rejections(unit, found.epoch()), place())
                    : new LimitPart.Followed(share, fallen(unit, found, limit), others, found.epoch(), place());
        }

        /** Returns what the other workers spend per second of a limit, and what nobody may spend. */
        private double others(Function<LaneReport, BudgetReport> unit, double[] parts, double limit) {
            double others = limit;
            for (double part : parts) {
                others -= part;
            }
            for (int i = 0; i < lanes.size(); i++) {
                // A worker in which nothing waits does not spend all that it may. Any other one spends whole calls.
                boolean isContent = lanes.get(i).waiting() == 0;
                double spends = isContent ? unit.apply(lanes.get(i)).spent() : Math.ceil(parts[i] - NOT_A_CALL);
                others += i == own ? 0 : Math.min(Math.ceil(parts[i] - NOT_A_CALL), spends);
            }
            return Math.max(0, others);
        }

        /** Returns the limit, or what is left if a rejection shows that it has fallen. The pilot will say so, too. */
        private double fallen(Function<LaneReport, BudgetReport> unit, BudgetReport found, double limit) {
            List<Rejections> reports =
                    lanes.stream().map(lane -> unit.apply(lane).rejections()).toList();
            Rejections present = Rejections.sum(reports, found.epoch());
            return present.showFallOf(limit) ? present.shown() : limit;
        }

        private LimitPart unlimited(Function<LaneReport, BudgetReport> unit, BudgetReport found) {
            double share = (double) alive.get(own).report().bundles() / width;
            double limit = Double.POSITIVE_INFINITY;
            double others = IntStream.range(0, lanes.size())
                    .filter(i -> i != own)
                    .mapToDouble(i -> unit.apply(lanes.get(i)).spent())
                    .sum();
            return pilot.orElseThrow() == own
                    ? new LimitPart.Piloted(share, limit, others, rejections(unit, found.epoch()), place())
                    : new LimitPart.Followed(share, fallen(unit, found, limit), others, found.epoch(), place());
        }

        /** Returns the part of a limit, which is 1 exactly if it is all of it. Sums of doubles may miss that. */
        private static double share(double part, double limit) {
            double share = part / limit;
            return Math.abs(share - 1) < EXACT ? 1 : share;
        }

        private double place() {
            return (double) own / lanes.size();
        }

        /** Returns the rejections of the others since the limit before this one. */
        private List<Rejections> rejections(Function<LaneReport, BudgetReport> unit, long epoch) {
            return IntStream.range(0, lanes.size())
                    .filter(i -> i != own)
                    .mapToObj(i -> unit.apply(lanes.get(i)).rejections())
                    .filter(rejections -> rejections.calls() > 0 && rejections.epoch() >= epoch - 1)
                    .toList();
        }

        private double least(Function<LaneReport, BudgetReport> unit, double limit) {
            double least = limit;
            for (LaneReport lane : lanes) {
                BudgetReport other = unit.apply(lane);
                if (other.source() == Source.TOLD && !lane.model().equals(PoolView.SHARED)) {
                    least = Math.min(least, other.limit().orElse(limit));
                }
            }
            return least;
        }

        /** Returns what each worker may spend of a limit. */
        private double[] divided(Function<LaneReport, BudgetReport> unit, double limit) {
            List<FairShares.Claim> claims = new ArrayList<>();
            long claimed = 0;
            for (int i = 0; i < alive.size(); i++) {
                claims.add(new FairShares.Claim(
                        alive.get(i).report().bundles(),
                        unit.apply(lanes.get(i)).wanted()));
                claimed += alive.get(i).report().bundles();
            }
            // What nobody spends any more is lent until the bundles have another owner.
            claims.add(new FairShares.Claim((int) Math.max(0, Math.min(silent, width - claimed)), 0));
            return FairShares.of(claims, width, limit);
        }
    }
}
