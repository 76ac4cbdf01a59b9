package dev.sluice.trials.chaos.check;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A period, in epoch milliseconds, in which something was to happen and nothing did. */
public record Stall(long from, long to) {
    private static final Stall NONE = new Stall(0, 0);

    public long millis() {
        return to - from;
    }

    /** Returns the periods between two of these times that follow each other. The times are in their order. */
    public static List<Stall> between(List<Long> times) {
        List<Stall> stalls = new ArrayList<>();
        for (int i = 1; i < times.size(); i++) {
            stalls.add(new Stall(times.get(i - 1), times.get(i)));
        }
        return stalls;
    }

    /** Returns the longest of these periods, or one of no length. */
    public static Stall longest(List<Stall> stalls) {
        return stalls.stream().max(Comparator.comparingLong(Stall::millis)).orElse(NONE);
    }

    /** Returns the longest of these periods that has a time in common with the one between two times. */
    public static Stall longestDuring(List<Stall> stalls, long start, long end) {
        return longest(stalls.stream()
                .filter(stall -> stall.from() <= end && stall.to() >= start)
                .toList());
    }
}
