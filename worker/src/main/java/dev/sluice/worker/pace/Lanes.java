package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import io.github.bucket4j.TimeMeter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A lane per model, served round robin. Owned by the pace thread but for {@link #held}.
 *
 * <p>Model names come from outside, so that the number of lanes is bounded, but for models with a limit of their own,
 * which always have their lane. When all others are taken, a model that comes takes the place of the
 * {@linkplain Lane#isSpare spare} one that has been idle longest. Only where none is spare it shares one more lane,
 * until one is: what waits or is under way in the shared lane then ends there.
 */
final class Lanes {
    /** The lane that models share which came when the others were taken. Not a possible model name. */
    private static final String OVERFLOW = "";

    private final int maxLanes;
    private final Expiry expiry;
    private final ConfiguredLimits limits;
    private final TimeMeter time;
    private final Map<String, Lane> byModel = new ConcurrentHashMap<>();
    private final List<Lane> ring = new ArrayList<>();
    private LimitShare share = LimitShare.ALL;
    private int next;

    /** When a request's time is over, and who takes it then. */
    record Expiry(Predicate<Request> isOver, Consumer<Request> to) {}

    Lanes(int maxLanes, ConfiguredLimits limits, TimeMeter time, Expiry expiry) {
        this.maxLanes = maxLanes;
        this.expiry = expiry;
        this.limits = limits;
        this.time = time;
    }

    Lane of(Request request) {
        Lane present = byModel.get(request.model());
        return present != null ? present : forNew(request.model());
    }

    private Lane forNew(String model) {
        if (limits.isOwn(model) || bounded().count() < maxLanes) {
            return open(model, limits.of(model));
        }
        Optional<String> spare = bounded()
                .filter(other -> lane(other).isSpare())
                .max(Comparator.comparingLong(other -> lane(other).idleNanos()));
        if (spare.isPresent()) {
            close(spare.get());
            return open(model, limits.of(model));
        }
        Lane shared = byModel.get(OVERFLOW);
        return shared != null ? shared : open(OVERFLOW, limits.others());
    }

    /** The models whose lanes are bounded in number. */
    private Stream<String> bounded() {
        return byModel.keySet().stream().filter(model -> !model.equals(OVERFLOW) && !limits.isOwn(model));
    }

    private Lane lane(String model) {
        return Objects.requireNonNull(byModel.get(model));
    }

    private Lane open(String model, ConfiguredLimit limit) {
        Lane lane = new Lane(model, limit, time, share);
        byModel.put(model, lane);
        ring.add(lane);
        return lane;
    }

    /** Nothing else holds on to it: none of its calls is under way. */
    private void close(String model) {
        Lane lane = lane(model);
        int at = ring.indexOf(lane);
        ring.remove(at);
        next -= at < next ? 1 : 0;
        byModel.remove(model);
    }

    void spend(LimitShare owned) {
        if (!owned.equals(share)) {
            share = owned;
            ring.forEach(lane -> lane.spend(owned));
        }
    }

    /** The next call that may be sent now, from the lane whose turn it is. */
    @Nullable
    InFlightCall poll() {
        for (int i = 0; i < ring.size(); i++) {
            int turn = (next + i) % ring.size();
            Lane lane = ring.get(turn);
            lane.expireFirst(expiry);
            InFlightCall sent = lane.poll();
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

    /** @param roomInWorker whether it may have more calls under way, of whichever lane */
    PaceState state(int inFlight, boolean roomInWorker) {
        List<LaneState> lanes = byModel.entrySet().stream()
                .map(lane -> lane.getValue().state(lane.getKey(), roomInWorker))
                .toList();
        return new PaceState(share, inFlight, lanes);
    }

    /** Why lanes do not flow, by their models. Any thread. */
    Map<String, String> held() {
        Map<String, String> held = new TreeMap<>();
        byModel.forEach((model, lane) -> lane.heldBy().ifPresent(reason -> held.put(model, reason)));
        return held;
    }
}
