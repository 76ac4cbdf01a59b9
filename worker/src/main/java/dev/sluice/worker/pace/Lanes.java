package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import io.github.bucket4j.TimeMeter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A lane per model, served round robin. Owned by the pace thread but for {@link #standing}.
 *
 * <p>Model names come from outside, so that the number of lanes is bounded; models beyond it share one more lane.
 */
final class Lanes {
    /** The lane of all models that came when the others were taken. Not a possible model name. */
    private static final String OVERFLOW = "";

    private final int maxLanes;
    private final Expiry expiry;
    private final Function<String, Limit> limits;
    private final TimeMeter time;
    private final Map<String, Lane> byModel = new ConcurrentHashMap<>();
    private final List<Lane> ring = new ArrayList<>();
    private Share share = Share.ALL;
    private int next;

    /** When a request's time is over, and who takes it then. */
    record Expiry(Predicate<Request> isOver, Consumer<Request> to) {}

    Lanes(int maxLanes, Function<String, Limit> limits, TimeMeter time, Expiry expiry) {
        this.maxLanes = maxLanes;
        this.expiry = expiry;
        this.limits = limits;
        this.time = time;
    }

    Lane of(Request request) {
        String model = request.model();
        Lane own = byModel.get(model);
        return own != null ? own : lane(byModel.size() < maxLanes ? model : OVERFLOW);
    }

    private Lane lane(String name) {
        return byModel.computeIfAbsent(name, absent -> {
            Lane lane = new Lane(absent, limits.apply(absent), time, share);
            ring.add(lane);
            return lane;
        });
    }

    void spend(Share owned) {
        if (!owned.equals(share)) {
            share = owned;
            ring.forEach(lane -> lane.spend(owned));
        }
    }

    /** The next call that may be sent now, from the lane whose turn it is. */
    @Nullable
    Sent poll() {
        for (int i = 0; i < ring.size(); i++) {
            int turn = (next + i) % ring.size();
            Lane lane = ring.get(turn);
            lane.expireFirst(expiry);
            Sent sent = lane.poll();
            if (sent != null) {
                next = (turn + 1) % ring.size();
                return sent;
            }
        }
        return null;
    }

    long nanosToNext() {
        return ring.stream().mapToLong(Lane::nanosToNext).min().orElse(Lane.NEVER);
    }

    /** Takes out everything whose time is over, wherever it waits. */
    void expireAll() {
        ring.forEach(lane -> lane.expireAll(expiry));
    }

    /** Says what there is to say of the last minute. */
    void tell() {
        ring.forEach(Lane::tell);
    }

    void drop(Set<Assignment> gone) {
        ring.forEach(lane -> lane.drop(gone));
    }

    PaceState state(int inFlight, int maxInFlight) {
        List<LaneState> lanes = byModel.entrySet().stream()
                .map(lane -> lane.getValue().state(lane.getKey(), inFlight < maxInFlight))
                .toList();
        return new PaceState(share, inFlight, lanes);
    }

    /** Why lanes do not flow, by their models. Any thread. */
    Map<String, String> held() {
        Map<String, String> held = new TreeMap<>();
        byModel.forEach((model, lane) -> lane.heldBy().ifPresent(reason -> held.put(model, reason)));
        return held;
    }

    /** How this request, which is called or was, stands in its lane. Any thread. */
    Standing standing(Request request) {
        Lane lane = byModel.get(request.model());
        lane = lane != null ? lane : byModel.get(OVERFLOW);
        return lane == null ? Standing.FLOWING : lane.standing(request);
    }
}
