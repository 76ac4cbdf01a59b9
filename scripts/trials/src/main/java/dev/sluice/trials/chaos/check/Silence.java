package dev.sluice.trials.chaos.check;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A period, in epoch milliseconds, in which something was to happen and nothing did. */
public record Silence(long from, long to) {
    private static final Silence NONE = new Silence(0, 0);

    public long millis() {
        return to - from;
    }

    /** Returns the periods between two of these times that follow each other. The times are in their order. */
    public static List<Silence> between(List<Long> times) {
        List<Silence> silences = new ArrayList<>();
        for (int i = 1; i < times.size(); i++) {
            silences.add(new Silence(times.get(i - 1), times.get(i)));
        }
        return silences;
    }

    /** Returns the longest of these periods, or one of no length. */
    public static Silence longest(List<Silence> silences) {
        return silences.stream().max(Comparator.comparingLong(Silence::millis)).orElse(NONE);
    }

    /** Returns the longest of these periods that has a time in common with the one between two times. */
    public static Silence longestDuring(List<Silence> silences, long start, long end) {
        return longest(silences.stream()
                .filter(silence -> silence.from() <= end && silence.to() >= start)
                .toList());
    }
}
