package dev.sluice.worker.pool;

import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/**
 * The sum of what all workers tell of one lane. Immutable.
 *
 * @param total the lane of the pool: counts are sums, and the state is the worst one
 * @param workers how many workers tell of it
 * @param worst the names of the workers that are in the worst state
 */
public record PoolLane(LaneReport total, int workers, List<String> worst) {
    /** The states from the best to the worst. One of a newer release counts as the best. */
    private static final List<String> STATES = List.of("flowing", "full", "limited", "open", "held");

    private static final int FIRST_STOPPED = STATES.indexOf("open");

    /** The most causes that are named if workers tell different ones. */
    private static final int MAX_CAUSES = 3;

    public PoolLane {
        worst = List.copyOf(worst);
    }

    private record Part(String worker, int bundles, LaneReport lane) {}

    /** Returns the lanes by model. */
    public static List<PoolLane> of(Map<String, WorkerReport> workers) {
        return of(workers, WorkerReport::lanes);
    }

    /** Returns the limits that several models have in common, as if they were lanes, by name. */
    public static List<PoolLane> ofGroups(Map<String, WorkerReport> workers) {
        return of(workers, WorkerReport::groups);
    }

    private static List<PoolLane> of(
            Map<String, WorkerReport> workers, Function<WorkerReport, List<LaneReport>> reports) {
        Map<String, List<Part>> byModel = workers.entrySet().stream()
                .flatMap(each -> reports.apply(each.getValue()).stream()
                        .map(lane -> new Part(each.getKey(), each.getValue().bundles(), lane)))
                .collect(Collectors.groupingBy(part -> part.lane().model(), TreeMap::new, Collectors.toList()));
        return byModel.values().stream().map(PoolLane::sum).toList();
    }

    private static PoolLane sum(List<Part> parts) {
        LaneReport worst = parts.stream()
                .map(Part::lane)
                .max(Comparator.comparingInt(lane -> STATES.indexOf(lane.state())))
                .orElseThrow();
        List<Part> alike = parts.stream()
                .filter(part -> part.lane().state().equals(worst.state()))
                .toList();
        Set<String> causes = alike.stream()
                .map(part -> part.lane().cause())
                .filter(cause -> !cause.isEmpty())
                .collect(Collectors.toCollection(LinkedHashSet::new));
        LaneReport total = new LaneReport(
                worst.model(),
                worst.state(),
                causes.stream().limit(MAX_CAUSES).collect(Collectors.joining("; ")),
                sum(parts, LaneReport::waiting),
                sum(parts, LaneReport::inFlight),
                budget(parts, LaneReport::requests),
                budget(parts, LaneReport::tokens));
        return new PoolLane(
                total,
                parts.size(),
                List.copyOf(new TreeSet<>(alike.stream().map(Part::worker).toList())));
    }

    private static int sum(List<Part> parts, ToIntFunction<LaneReport> count) {
        long sum =
                parts.stream().mapToLong(part -> count.applyAsInt(part.lane())).sum();
        return (int) Math.min(Integer.MAX_VALUE, sum);
    }

    /**
     * Adds the budgets of one unit up. The limit is the mean of what the workers take for the whole one, weighted by
     * their bundles. So a limit that each has found for its own part is the sum of these parts, and workers that have
     * nothing to do there are counted as if they had found as much.
     */
    private static BudgetReport budget(List<Part> parts, Function<LaneReport, BudgetReport> unit) {
        BudgetReport.Source source = parts.stream()
                .map(part -> unit.apply(part.lane()))
                .filter(budget -> budget.limit().isPresent())
                .map(BudgetReport::source)
                .min(Comparator.naturalOrder())
                .orElse(BudgetReport.Source.NONE);
        double weights = 0;
        double weighted = 0;
        double spent = 0;
        double wanted = 0;
        for (Part part : parts) {
            BudgetReport budget = unit.apply(part.lane());
            spent += budget.spent();
            wanted += budget.wanted();
            if (budget.limit().isPresent() && budget.source() == source) {
                // A worker that has just lost its bundles knows the limit all the same.
                int weight = Math.max(1, part.bundles());
                weights += weight;
                weighted += weight * budget.limit().getAsDouble();
            }
        }
        OptionalDouble limit = weights > 0 ? OptionalDouble.of(weighted / weights) : OptionalDouble.empty();
        return new BudgetReport(limit, source, spent, wanted);
    }

    /** Returns whether at least one worker does not call, apart from probes. */
    public boolean isStopped() {
        return STATES.indexOf(total.state()) >= FIRST_STOPPED;
    }
}
