package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.pool.LentShares;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Serves one lane per model, round robin. A lane whose turn it is and that only a limit in common with others holds
 * back claims that limit: lanes with smaller requests would else always find room before it. Owned by the pace thread,
 * except for {@link #stopReasons}.
 *
 * <p>Model names come from outside, so that the number of lanes must be bounded. Models with a limit of their own
 * always have their lane and do not count. If all other lanes are taken, a new model replaces the
 * {@linkplain Lane#isSpare spare} lane whose latest request came first. If no lane is spare, the model uses the
 * overflow lane. Requests already there stay there even after a lane becomes free.
 */
final class Lanes {
    /** The name of the overflow lane, which is not a possible model name. */
    private static final String OVERFLOW = "";

    private final int maxLanes;
    private final Expiry expiry;
    private final ConfiguredLimits limits;
    private final TimeMeter time;
    private final Map<String, Lane> byModel = new ConcurrentHashMap<>();
    /** The lanes that count towards the bound, by when their latest request came. */
    private final Map<String, Lane> bounded = new LinkedHashMap<>(16, 0.75f, true);
    /**
     * The lanes by when they were served last. So the one that goes first among those of a group is the one whose turn
     * it is, however often others are served meanwhile.
     */
    private final List<Lane> ring = new ArrayList<>();

    private final AllLanes all;
    private LimitShare share = LimitShare.ALL;
    private LentShares lent = LentShares.NONE;
    private long notHeldAt;

    /**
     * The rule by which requests end without a call, because they have expired or were cancelled.
     *
     * @param expire takes such a request
     */
    record Expiry(Predicate<Request> isExpired, Consumer<Request> expire) {}

    Lanes(int maxLanes, ConfiguredLimits limits, AllLanes all, TimeMeter time, Expiry expiry) {
        this.all = all;
        this.maxLanes = maxLanes;
        this.expiry = expiry;
        this.limits = limits;
        this.time = time;
        this.notHeldAt = time.currentTimeNanos();
    }

    /** Returns the lane for a new request, and opens one if its model has none. */
    Lane of(Request request) {
        Lane inOrder = bounded.get(request.model());
        Lane present = inOrder != null ? inOrder : byModel.get(request.model());
        return present != null ? present : forNewModel(request.model());
    }

    private Lane forNewModel(String model) {
        if (limits.isOwn(model)) {
            return open(model, limits.of(model));
        }
        if (bounded.size() >= maxLanes) {
            String spare = spareInOrder();
            if (spare == null) {
                Lane overflow = byModel.get(OVERFLOW);
                return overflow != null ? overflow : open(OVERFLOW, limits.others());
            }
            close(spare);
        }
        Lane lane = open(model, limits.of(model));
        bounded.put(model, lane);
        return lane;
    }

    /**
     * Returns the spare lane whose latest request came first. While there are many models, most requests ask for it,
     * and find it among the first.
     */
    private @Nullable String spareInOrder() {
        return bounded.entrySet().stream()
                .filter(each -> each.getValue().isSpare())
                .findFirst()
                .map(Map.Entry::getKey)
                .orElse(null);
    }

    private Lane open(String model, ConfiguredLimit limit) {
        Lane lane = new Lane(model, limit, time, share, all);
        lane.lend(lent.of(model));
        byModel.put(model, lane);
        ring.add(lane);
        return lane;
    }

    private void close(String model) {
        ring.remove(byModel.remove(model));
        bounded.remove(model);
    }

    void changeShare(LimitShare newShare) {
        // The same share again must not empty the buckets.
        if (!newShare.equals(share)) {
            share = newShare;
            ring.forEach(lane -> lane.changeShare(newShare));
            all.groups().changeShare(newShare);
        }
    }

    /** Changes what may be spent of each lane's limits because other workers do not. */
    void lend(LentShares shares) {
        lent = shares;
        byModel.forEach((model, lane) -> lane.lend(shares.of(model)));
        all.groups().lend(shares);
    }

    /** Returns the next call that may start now, from the lane whose turn it is. */
    @Nullable
    InFlightCall poll() {
        if (!lent.isEmpty() && time.currentTimeNanos() - lent.validUntil() >= 0) {
            lend(LentShares.NONE);
        }
        Set<LaneGroup> claimed = new HashSet<>();
        for (Lane lane : ring) {
            InFlightCall call = mayServe(lane, claimed) ? poll(lane) : null;
            if (call != null) {
                ring.remove(lane);
                ring.add(lane);
                return call;
            }
            claimed.addAll(lane.groupsInTheWay());
        }
        return null;
    }

    /** Looks first for what waits at all: most lanes are empty where there are many, and each call looks at all. */
    private static boolean mayServe(Lane lane, Set<LaneGroup> claimed) {
        return !lane.isEmpty() && Collections.disjoint(claimed, lane.groups());
    }

    private @Nullable InFlightCall poll(Lane lane) {
        // A look at what has expired or was cancelled costs more than all else here, so it is for the next call alone.
        if (lane.nanosToNext() > 0) {
            return null;
        }
        lane.expireFirst(expiry);
        return lane.poll();
    }

    long nanosToNext() {
        long least = Lane.NEVER;
        Set<LaneGroup> claimed = new HashSet<>();
        for (Lane lane : ring) {
            if (mayServe(lane, claimed)) {
                least = Math.min(least, lane.nanosToNext());
            }
            claimed.addAll(lane.groupsInTheWay());
        }
        return least;
    }

    /** Removes every expired request, wherever it waits. */
    void expireAll() {
        ring.forEach(lane -> lane.expireAll(expiry));
    }

    void logRateLimits() {
        ring.forEach(Lane::logRateLimits);
    }

    void drop(Set<Assignment> gone) {
        ring.forEach(lane -> lane.drop(gone));
    }

    /** @param workerHasRoom true if the worker may have more calls in flight, of any lane */
    PaceState state(int inFlight, boolean workerHasRoom) {
        List<LaneState> lanes = byModel.entrySet().stream()
                .map(lane -> lane.getValue().state(lane.getKey(), workerHasRoom))
                .toList();
        return new PaceState(share, inFlight, heldFor(), lanes, all.groups().states(ring, workerHasRoom));
    }

    private Duration heldFor() {
        long now = time.currentTimeNanos();
        boolean flowsOne = ring.stream().anyMatch(lane -> lane.isBusy() && !lane.isStopped());
        // The requests of a stopped lane may all wait in delay topics for their next call.
        boolean isOneHeld = ring.stream().anyMatch(Lane::isHeldOfLate);
        if (flowsOne || !isOneHeld) {
            notHeldAt = now;
        }
        return Duration.ofNanos(now - notHeldAt);
    }

    /** Returns why lanes are stopped, by model. Thread-safe. */
    Map<String, String> stopReasons() {
        Map<String, String> reasons = new TreeMap<>();
        byModel.forEach((model, lane) -> lane.stopReason().ifPresent(reason -> reasons.put(model, reason)));
        return reasons;
    }
}
