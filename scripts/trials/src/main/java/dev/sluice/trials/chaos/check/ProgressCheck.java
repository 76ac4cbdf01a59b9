package dev.sluice.trials.chaos.check;

import dev.sluice.trials.chaos.history.ObservedEnding;
import dev.sluice.trials.chaos.history.PublishedRequest;
import dev.sluice.trials.chaos.history.RunHistory;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/** Checks that requests go on ending while some are due, in all partitions together and in each of them. */
public final class ProgressCheck implements HistoryCheck {
    private final CheckBounds bounds;

    public ProgressCheck(CheckBounds bounds) {
        this.bounds = bounds;
    }

    @Override
    public List<Violation> of(RunHistory history) {
        List<Violation> violations = new ArrayList<>();
        judge("all partitions", Stall.longest(stalls(history)), bounds.stall(), violations);
        longestByPartition(history)
                .forEach((partition, stall) ->
                        judge("partition " + partition, stall, bounds.partitionStall(), violations));
        return violations;
    }

    private static void judge(String subject, Stall stall, long bound, List<Violation> violations) {
        if (stall.millis() > bound) {
            violations.add(new Violation(
                    "no progress",
                    subject,
                    "requests were due and none ended for " + stall.millis() + " ms, from " + stall.from()));
        }
    }

    /** Returns the periods in which requests were due and none ended, of all partitions together. */
    public static List<Stall> stalls(RunHistory history) {
        return stalls(history, request -> true);
    }

    /** Returns the longest stall of each partition of both topics that requests are published to. */
    public static Map<String, Stall> longestByPartition(RunHistory history) {
        Map<String, Stall> longest = new TreeMap<>();
        history.published().stream()
                .map(request -> request.request().place())
                .distinct()
                .forEach(place -> longest.put(
                        place,
                        Stall.longest(stalls(
                                history, request -> request.request().place().equals(place)))));
        return longest;
    }

    private record Moment(long at, String id, boolean end) {}

    private static List<Stall> stalls(RunHistory history, Predicate<PublishedRequest> which) {
        List<Stall> stalls = new ArrayList<>();
        Set<String> waiting = new HashSet<>();
        Set<String> ended = new HashSet<>();
        long since = 0;
        for (Moment moment : moments(history, which)) {
            if (moment.end()) {
                if (!waiting.isEmpty()) {
                    stalls.add(new Stall(since, moment.at()));
                }
                ended.add(moment.id());
                waiting.remove(moment.id());
                since = moment.at();
            } else if (!ended.contains(moment.id())) {
                since = waiting.isEmpty() ? moment.at() : since;
                waiting.add(moment.id());
            }
        }
        if (!waiting.isEmpty()) {
            stalls.add(new Stall(since, history.endedAt()));
        }
        return stalls;
    }

    /** Returns when requests became due and when they ended. A request that ends slowly by nature never becomes due. */
    private static List<Moment> moments(RunHistory history, Predicate<PublishedRequest> which) {
        List<Moment> moments = new ArrayList<>();
        Map<String, PublishedRequest> chosen = new HashMap<>();
        history.published().stream().filter(which).forEach(request -> chosen.put(request.id(), request));
        for (PublishedRequest request : chosen.values()) {
            if (request.isAcknowledged() && request.request().kind().isPrompt()) {
                moments.add(new Moment(request.dueAt(), request.id(), false));
            }
        }
        for (ObservedEnding ending : history.endings()) {
            if (chosen.containsKey(ending.id())) {
                moments.add(new Moment(ending.seenAt(), ending.id(), true));
            }
        }
        moments.sort(Comparator.comparingLong(Moment::at).thenComparing(Moment::end));
        return moments;
    }
}
