package dev.sluice.worker.pace;

import dev.sluice.sandbox.RateLimit;
import dev.sluice.worker.pace.Simulation.Arrival;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/** What a simulation has shown, from the first call on or from a later time on. */
record Figures(Scenario scenario, List<Arrival> arrivals) {
    private static final long SLICE = 1_000_000;

    Figures after(Duration start) {
        return new Figures(
                scenario,
                arrivals.stream().filter(call -> call.at() >= start.toNanos()).toList());
    }

    /** The part of the calls that was refused within so long from {@code start} on. */
    double refused(Duration start, Duration length) {
        long end = start.plus(length).toNanos();
        List<Arrival> within =
                after(start).arrivals().stream().filter(call -> call.at() < end).toList();
        return new Figures(scenario, within).refused();
    }

    /**
     * What was admitted, in the unit that is limited, as a part of what the limit would have let pass in the same time.
     */
    double utilisation() {
        long first = arrivals.get(0).at();
        long last = arrivals.get(arrivals.size() - 1).at();
        double ideal = 0;
        for (long at = first; at < last; at += SLICE) {
            ideal += perSecond(scenario.api(at)) * Math.min(SLICE, last - at) / 1e9;
        }
        return spent() / ideal;
    }

    private static double perSecond(RateLimit limit) {
        return limit.tokensPerSecond() == null ? limit.requestsPerSecond() : limit.tokensPerSecond();
    }

    private double spent() {
        boolean inTokens = scenario.api(0).tokensPerSecond() != null;
        return arrivals.stream()
                .filter(Arrival::admitted)
                .mapToLong(call -> inTokens ? call.tokens() : 1)
                .sum();
    }

    long admitted() {
        return arrivals.stream().filter(Arrival::admitted).count();
    }

    /** What the worker with the fewest calls got, as a part of an equal share. */
    double leastShare() {
        long[] calls = new long[scenario.workers()];
        arrivals.stream().filter(Arrival::admitted).forEach(call -> calls[call.worker()]++);
        return (double) Arrays.stream(calls).min().orElseThrow() * calls.length / admitted();
    }

    double refused() {
        return (double) (arrivals.size() - admitted()) / arrivals.size();
    }

    /** Calls refused in the first second after the first call. */
    long refusedInFirstSecond() {
        long first = arrivals.get(0).at();
        return arrivals.stream()
                .filter(call -> call.at() - first < 1_000_000_000L && !call.admitted())
                .count();
    }

    @Override
    public String toString() {
        return "%d calls, utilisation %.3f, refused %.4f".formatted(arrivals.size(), utilisation(), refused());
    }
}
