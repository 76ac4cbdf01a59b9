package dev.sluice.worker.pace;

import dev.sluice.sandbox.RateLimit;
import dev.sluice.worker.pace.Simulation.Arrival;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/** The results of a simulation, from its first call or from a later time on. */
record Figures(Scenario scenario, List<Arrival> arrivals) {
    private static final long SLICE = 1_000_000;

    Figures after(Duration start) {
        return new Figures(
                scenario,
                arrivals.stream().filter(call -> call.at() >= start.toNanos()).toList());
    }

    /** Returns the rejected part of the calls that arrived within {@code length} from {@code start} on. */
    double rejected(Duration start, Duration length) {
        return between(start, length).rejected();
    }

    Figures between(Duration start, Duration length) {
        long end = start.plus(length).toNanos();
        return new Figures(
                scenario,
                after(start).arrivals().stream().filter(call -> call.at() < end).toList());
    }

    /** Returns the admitted amount of the limited unit, as a part of what the limit allowed in the same time. */
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

    /** Returns the calls of the worker with the fewest, as a part of an equal share. */
    double leastShare() {
        long[] calls = new long[scenario.workers()];
        arrivals.stream().filter(Arrival::admitted).forEach(call -> calls[call.worker()]++);
        return (double) Arrays.stream(calls).min().orElseThrow() * calls.length / admitted();
    }

    double rejected() {
        return (double) (arrivals.size() - admitted()) / arrivals.size();
    }

    /** Returns the number of calls rejected in the first second after the first call. */
    long rejectedInFirstSecond() {
        long first = arrivals.get(0).at();
        return arrivals.stream()
                .filter(call -> call.at() - first < 1_000_000_000L && !call.admitted())
                .count();
    }

    @Override
    public String toString() {
        return "%d calls, utilisation %.3f, rejected %.4f".formatted(arrivals.size(), utilisation(), rejected());
    }
}
