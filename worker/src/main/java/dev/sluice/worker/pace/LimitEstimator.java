package dev.sluice.worker.pace;

import dev.sluice.worker.pool.LimitPart;
import dev.sluice.worker.pool.Rejections;
import dev.sluice.worker.provider.TogetherApi;
import java.util.List;

/**
 * Estimates a limit of the API in one unit, of which this worker spends its share. Arithmetic only; owned by the pace
 * thread.
 *
 * <p>The estimate starts with the little that every account has. It rises ever faster until a call is rejected. The
 * amount that was sent and granted in the second before that call is then the limit, because an API with a sliding
 * second rejects exactly what does not fit. Rejections of calls that started before this was known belong to the same
 * event and only correct the measurement. After a hold time the estimate rises again. The hold time is such that the
 * rejections stay a small part of all calls. The estimate never exceeds its ceiling, which comes from the configuration
 * or from headers.
 *
 * <p>Of several workers that know each other only the pilot seeks. What it tries beyond the limit it spends itself. The
 * others follow, and what is rejected there is told to it.
 */
final class LimitEstimator {
    private static final long SECOND = 1_000_000_000L;

    /** The first step up, as a part of the granted rate. It doubles in {@link #STEP_DOUBLES_IN}. */
    private static final double FIRST_STEP = 0.02;

    private static final double STEP_DOUBLES_IN = 0.3 * SECOND;

    /** The part of all calls that may be rejected for the sake of the estimate. */
    private static final double REJECTED_PART = 0.008;

    /** A limit of fewer calls a second than this is tried as often as this one. Else it would hardly ever be tried. */
    private static final double FEW = 8;

    /** A limit of fewer calls a second than this is tried after twice as many seconds if it is half as high. */
    private static final double VERY_FEW = 2;

    /** A limit of fewer calls a second may be one by the minute. */
    private static final double SLOW_BELOW = 1.5;

    /** A ceiling of which more than this part is granted is believed. */
    private static final double BELIEVED_FROM = 0.9;

    /** Limits that differ by a smaller part are the same one, measured twice. */
    private static final double SAME_WITHIN = 0.05;

    /** A limit that has a higher name, and is found again and again, is held so many times as long at most. */
    private static final int MOST_TIMES_FOUND = 4;

    private static final double MIN_HOLD_SECONDS = 2;
    private static final double MAX_HOLD_SECONDS = 30;
    /**
     * A worker that finds out its part alone while others find out theirs waits for so long before it tries more. After
     * an outage the first one would else find the parts of the others free.
     */
    private static final long HELD_ALONE = 10 * SECOND;

    /** The time after which the estimate is tried again, whatever is rejected meanwhile. */
    private static final long LONGEST_HOLD = (long) (2 * MAX_HOLD_SECONDS * SECOND);

    /** A single unprovoked rejection among this many calls is no reason to slow down. */
    private static final int RARE = 100;
    /** The rejections of one event that count. A fall of the limit has many, and says nothing of when it rises. */
    private static final int MOST_COUNTED = 3;

    /** The time after a rejection in which the API's second may be full of earlier calls. */
    private static final long AFTERMATH = 1_200_000_000L;

    private static final double AFTERMATH_FACTOR = 0.95;

    /** The part that is taken off where others are known by their rate, which may be one call less than counts. */
    private static final double LESS_BY_RATE = 0.05;

    /**
     * Workers whose parts change may have a call too many in the same second. One after so long a time without any is
     * no reason to slow down.
     */
    private static final long EXCUSED_AFTER = 15 * SECOND;

    /** The time for which the pilot alone spends what it has found out. */
    private static final long SHARED_AFTER = SECOND;

    /** The time after which the others have heard of what the pilot has found out, and spend it. */
    private static final long EXCEEDED_FOR = 2 * SECOND;

    private final SlidingWindow window;
    private final UnrelatedRejections unrelated = new UnrelatedRejections();
    private Role role = Role.ALONE;
    /** This worker's part of the whole limit. */
    private double share;
    /** The limit that was divided last. What the pilot knows of a higher one is its own. */
    private double divided;
    /** The amount that others spend per second. A worker that is alone does not know it. */
    private double others;
    /** The number of events that the pilot has judged. */
    private long epoch;

    private final SlowLimit slow;
    private final FollowedLimit followed = new FollowedLimit();
    /** The rejections of followers that the latest event has counted. */
    private int rejectedElsewhere;
    /** The last time at which the pilot knew of more than what was divided. */
    private long exceededAt;

    /**
     * The lower bound of the estimate: an ordinary call a second. No account is granted less, however often its calls
     * are rejected.
     */
    private double floor;

    private double ceiling = Double.POSITIVE_INFINITY;
    /** The whole limit as far as it is known to be granted. */
    private double granted;
    /** The whole limit as far as others could spend it before the latest event. */
    private double sharedBefore;

    /** The limit that the latest probes have found, and how many of them in a row have found it. */
    private double found;

    private int timesFound = 1;

    private boolean started;
    private long raisesAt;
    private long raisedAt;
    /** The time until which a worker that is alone among others tries nothing. */
    private long keepsUntil;

    private long heldAt;

    /** The last time at which this worker had a part again after it had none. */
    private long tookOverAt;

    // The latest event: a rejection, and the later rejections of calls that started before it was noticed.
    private boolean hasEvent;
    private long eventAt;
    private boolean hasUnprovoked;
    private long unprovokedAt;
    private FirstRejection first = FirstRejection.NONE;
    private int rejections;
    private boolean provoked;
    /** True for a rare event at a believed ceiling. Something has delayed our calls, and the estimate stays. */
    private boolean excused;
    /** The calls since the event was noticed. It begins as if the last event had been long ago. */
    private int calls = RARE;

    private enum Role {
        /** The worker finds out what it is granted, and takes that for its part of the whole. */
        ALONE,
        /** The worker is the pilot. */
        SEEKS,
        /** The worker spends its part of what the pilot has found out. */
        FOLLOWS
    }

    private LimitEstimator(SlidingWindow window, double share, double granted, double floor, long now) {
        this.window = window;
        this.slow = new SlowLimit(window);
        this.share = share;
        this.keepsUntil = now;
        this.heldAt = now;
        this.exceededAt = now - EXCEEDED_FOR;
        this.tookOverAt = now - SECOND;
        this.granted = granted;
        this.floor = floor;
    }

    /** @param share this worker's part of the whole limit */
    static LimitEstimator ofRequests(SlidingWindow window, double share, long now) {
        return new LimitEstimator(
                window, share, TogetherApi.MIN_REQUESTS_PER_SECOND, TogetherApi.MIN_REQUESTS_PER_SECOND, now);
    }

    /** @param share this worker's part of the whole limit */
    static LimitEstimator withoutLimit(SlidingWindow window, double share, long now) {
        // There is no limit until one shows. Tokens follow the requests, which are few at first.
        return new LimitEstimator(window, share, Double.POSITIVE_INFINITY, 1, now);
    }

    /** Returns the amount that this worker may spend per second from now on. */
    double perSecond(long now) {
        return own(tried(now));
    }

    /** Returns the whole limit as far as it is known to be granted. */
    double whole() {
        return Math.min(granted, ceiling);
    }

    /**
     * Returns the limit of which others may spend their parts. What the pilot has found out it spends alone for a
     * second, evenly. By then the API's second is full of even calls, and who takes them over is admitted.
     */
    double shared(long now) {
        boolean isNew = role == Role.SEEKS && hasEvent && now - eventAt < SHARED_AFTER;
        return isNew ? Math.min(sharedBefore, whole()) : whole();
    }

    long epoch() {
        return epoch;
    }

    /** Returns the latest rejections of this worker as a follower. */
    Rejections followed() {
        return role == Role.FOLLOWS ? followed.rejections() : Rejections.NONE;
    }

    private double tried(long now) {
        if (role == Role.FOLLOWS || granted >= ceiling || !started || now - raisesAt < 0) {
            return whole();
        }
        if (isAmongOthers() && now - keepsUntil < 0) {
            return whole();
        }
        // Only what is really used shows that it is granted.
        double shown = Math.max(granted, 2.0 * (isSlow() ? slow.rateOfLastCalls(now) : used(now))) + step();
        return Math.min(ceiling, Math.min(granted + excess(now), shown));
    }

    private double excess(long now) {
        return step() * Math.pow(2, (now - raisesAt) / doublesIn());
    }

    /** Returns the nanoseconds in which the step doubles. Of a limit that was found slow, each call has to show. */
    private double doublesIn() {
        return hasEvent ? Math.max(STEP_DOUBLES_IN, (double) SECOND / granted) : STEP_DOUBLES_IN;
    }

    private double step() {
        return Math.max(FIRST_STEP * granted, Math.min(1, granted));
    }

    private double own(double whole) {
        return role == Role.SEEKS && whole > divided ? share * divided + whole - divided : share * whole;
    }

    private double whole(double own) {
        return role == Role.ALONE ? own / share : own + others;
    }

    /** Returns what all have spent in the last second, for all that this worker knows. */
    private double used(long now) {
        return whole((double) window.sum(now));
    }

    /** Records the start of a call. */
    void started(long now) {
        if (!started) {
            started = true;
            raisesAt = now + SECOND;
            // A rejection in the first second holds what has a name. What has none was not tried yet.
            heldAt = hasCeiling() ? now : now - LONGEST_HOLD;
        }
        calls++;
        if (role == Role.FOLLOWS) {
            return;
        }
        unrelated.started(granted, now).ifPresent(before -> {
            granted = Math.min(before, ceiling);
            raisesAt = now;
        });
        raise(now);
        if (role == Role.SEEKS && granted > divided * (1 + FIRST_STEP)) {
            exceededAt = now;
            // What it spends beyond its part changes no rate that the others keep to.
            unrelated.stopComparing();
        }
    }

    /** Takes for granted what was tried a second ago, so that the others may spend it. */
    private void raise(long now) {
        long since = raisesAt - raisedAt > 0 ? raisesAt : raisedAt;
        if (role != Role.SEEKS || isSlow() || now - since < SECOND) {
            return;
        }
        double more = Math.min(Math.min(ceiling, granted + excess(now - SECOND)), used(now)) - granted;
        if (more > FIRST_STEP * granted) {
            double rest = Math.max(step(), tried(now) - granted - more);
            granted += more;
            raisedAt = now;
            raisesAt = now - (long) (doublesIn() * Math.log(Math.max(1, rest / step())) / Math.log(2));
        }
    }

    /** Records that calls pass again after none was sent because the API failed. */
    void resumed(long now) {
        keepsUntil = now + HELD_ALONE;
    }

    /** Returns true if others may estimate the same limit at the same time. */
    private boolean isAmongOthers() {
        return role == Role.ALONE && share < 1 && !hasCeiling();
    }

    /**
     * Changes the amount per second that the estimate never exceeds. All of it may be spent at once, except for the
     * part that rejections have shown not to be granted.
     */
    void changeCeiling(double perSecond) {
        double part = Double.isInfinite(ceiling) ? Double.POSITIVE_INFINITY : granted / ceiling;
        ceiling = perSecond;
        granted = Math.min(perSecond, perSecond * part);
    }

    boolean hasCeiling() {
        return !Double.isInfinite(ceiling);
    }

    /** Changes this worker's part of the whole limit, since it owns other bundles. */
    void changeShare(double fraction) {
        share = fraction;
        unrelated.forget();
    }

    /** Finds the limit out by what this worker alone sees of it. */
    void findAlone(double fraction, long now) {
        scale(fraction);
        if (role != Role.ALONE) {
            role = Role.ALONE;
            keepsUntil = now + HELD_ALONE;
        }
    }

    /** Spends a part of the limit that another worker finds out. */
    void follow(LimitPart.Followed part, double fraction, long now) {
        scale(fraction);
        if (role == Role.FOLLOWS) {
            followed.follow(part.epoch(), part.others(), now);
        } else {
            followed.begin(part.epoch(), part.others(), now);
        }
        role = Role.FOLLOWS;
        epoch = part.epoch();
        others = part.others();
        granted = part.limit();
    }

    /** Finds the limit out for all workers. */
    void seek(LimitPart.Piloted part, double fraction, long now) {
        scale(fraction);
        if (role == Role.FOLLOWS) {
            raisesAt = epoch > 0 ? now + (long) (MIN_HOLD_SECONDS * SECOND) : raisesAt;
            epoch++;
            calls = 0;
        }
        sharedBefore = role == Role.SEEKS ? sharedBefore : granted;
        role = Role.SEEKS;
        divided = part.limit();
        others = part.others();
        heed(part.rejections(), now);
    }

    /** Begins to spend a part after a time without any. Who had it before may still call in the first second. */
    void takesOver(long now) {
        tookOverAt = now;
    }

    private void scale(double fraction) {
        unrelated.scale(fraction / share);
        share = fraction;
    }

    /** Changes the amount per second of the whole limit that is always granted, however often calls are rejected. */
    void changeFloor(double perSecond) {
        floor = perSecond;
    }

    /** Takes over what was rejected elsewhere. */
    private void heed(List<Rejections> reports, long now) {
        Rejections present = Rejections.sum(reports, epoch);
        Rejections before = Rejections.sum(reports, epoch - 1);
        boolean isAftermath = hasEvent && provoked && now - eventAt < AFTERMATH;
        if (unrelated.isKnown(now)) {
            // The others stay at what a rejection has shown them until its epoch ends.
            epoch += present.calls() > 0 ? 1 : 0;
        } else if (present.calls() > 0 && !isAftermath) {
            boolean isProvoked = now - raisesAt >= 0 && !Double.isInfinite(granted);
            beginEvent(present.calls(), isProvoked, isProvoked ? provokedBy(present, now) : shownBy(present, now), now);
            rejectedElsewhere = present.calls();
            granted = Math.max(granted, floor);
            hold(now);
        } else if (present.calls() > 0) {
            // The API's second is still full of what was tried.
            epoch++;
            rejections += present.calls();
            rejectedElsewhere = present.calls();
            hold(now);
        } else if (before.calls() > rejectedElsewhere) {
            rejections += before.calls() - rejectedElsewhere;
            rejectedElsewhere = before.calls();
            if (!excused && !provoked && !exceeds(now) && before.showFallOf(granted)) {
                granted = Math.max(floor, before.shown());
            }
            hold(now);
        }
    }

    private double provokedBy(Rejections elsewhere, long now) {
        return Math.min(tried(now), Math.max(granted, used(now) - elsewhere.calls() * floor));
    }

    private double shownBy(Rejections elsewhere, long now) {
        return exceeds(now) ? granted : elsewhere.shown();
    }

    /**
     * Returns true if this worker has lately spent more than its part, since it is the pilot. Then the others know too
     * little to tell what a rejection shows.
     */
    private boolean exceeds(long now) {
        return now - exceededAt < EXCEEDED_FOR;
    }

    /**
     * Records a rejected call.
     *
     * @param amount the amount that the call would have cost
     * @param waitNanos how long the API says until the call would fit; 0 if it does not say
     * @return true if it is no reason to pause: we had provoked it by trying more than is known to be granted, or it is
     *     known to be unrelated to our rate
     */
    boolean rejected(Charge charge, long amount, long waitNanos, long now) {
        if (role == Role.FOLLOWS) {
            FirstRejection rejection = FirstRejection.of(charge.startedAt(), amount, waitNanos);
            double shown = rejection.limit(window, own(granted), followed.othersAt(charge.startedAt()));
            followed.rejected(charge.startedAt(), Math.max(floor, shown));
            return false;
        }
        unrelated.rejected(charge.startedAt());
        if (unrelated.isKnown(now)) {
            return true;
        }
        double wholeBefore = granted;
        slow.rejected(charge.startedAt());
        if (hasEvent && charge.startedAt() - eventAt < 0) {
            rejections++;
            if (charge.startedAt() - first.startedAt() < 0) {
                first = FirstRejection.of(charge.startedAt(), amount, waitNanos);
            }
            granted = excused ? granted : Math.min(granted, measured());
        } else {
            first = FirstRejection.of(charge.startedAt(), amount, waitNanos);
            slow.judge(granted < SLOW_BELOW * floor, charge.startedAt(), waitNanos);
            beginEvent(1, charge.startedAt() - raisesAt >= 0, measured(), now);
        }
        if (isSlow()) {
            boolean saysLittle = !provoked && slow.isSingle();
            granted = saysLittle ? wholeBefore : slow.shownBy(charge.startedAt());
            raisesAt = saysLittle ? raisesAt : now + slow.hold(granted);
        } else {
            granted = Math.max(granted, floor);
            hold(now);
        }
        return provoked;
    }

    /** Returns true if the API is known to count by the minute, and this worker alone spends all of what it grants. */
    private boolean isSlow() {
        boolean areRequests = floor == TogetherApi.MIN_REQUESTS_PER_SECOND;
        return slow.isKnown() && areRequests && role != Role.FOLLOWS && share >= 1 && !hasCeiling();
    }

    private void beginEvent(int rejected, boolean isProvoked, double measured, long now) {
        boolean isAftermath = hasEvent && now - eventAt < AFTERMATH;
        sharedBefore = shared(now);
        hasEvent = true;
        eventAt = now;
        epoch++;
        rejections = rejected;
        rejectedElsewhere = 0;
        provoked = isProvoked && granted < ceiling;
        boolean isFirstForLong = !hasUnprovoked || now - unprovokedAt >= EXCUSED_AFTER;
        boolean isByOthers = role == Role.SEEKS && share < 1 && isFirstForLong;
        if (!provoked) {
            hasUnprovoked = true;
            unprovokedAt = now;
        }
        boolean isFall = Rejections.isFall(granted, measured);
        // In a first second the window shows little, unless the API says when the call would have fitted.
        boolean isShownFall = isFall && share >= 1 && first.hasHint();
        boolean isRare = isCeilingBelieved() && allCalls() >= RARE && !isShownFall;
        boolean isTakenOver = now - tookOverAt < SECOND;
        excused = !provoked && (isRare || isTakenOver || (isByOthers && !isFall));
        if (!provoked && !excused && !isAmongOthers() && !exceeds(now)) {
            unrelated.lowering(granted, now);
        }
        if (!excused) {
            granted = provoked || isCeilingBelieved()
                    ? measured
                    : Math.min(measured, whole() * (isAftermath ? AFTERMATH_FACTOR : keptPart()));
        }
        countFound();
        calls = 0;
    }

    /** Returns true if the latest probes have found the same. */
    private boolean isFound(double whole) {
        return Math.abs(whole - found) <= Math.max(floor, SAME_WITHIN * found);
    }

    private void countFound() {
        boolean isSame = isFound(granted);
        if (isSame && provoked) {
            timesFound = Math.min(MOST_TIMES_FOUND, 2 * timesFound);
        } else if (!isSame) {
            found = granted;
            timesFound = 1;
        }
    }

    private double measured() {
        return measured(first);
    }

    private double measured(FirstRejection rejection) {
        double own = own(granted);
        if (role == Role.ALONE) {
            return rejection.limit(window, own) / share;
        }
        double whole = rejection.limit(window, own, others);
        boolean isRoughlyKnown = others > 0 && whole > FEW * floor && !isFound(whole);
        return isRoughlyKnown ? whole - Math.min(floor, LESS_BY_RATE * whole) : whole;
    }

    /** Returns the calls of all workers since the last event, for all that this worker knows. */
    private double allCalls() {
        double own = own(whole());
        boolean isKnown = role == Role.SEEKS && own > 0 && !Double.isInfinite(own);
        return isKnown ? calls * (own + others) / own : calls;
    }

    /**
     * Returns the part of the estimate to keep after an unprovoked rejection. Others spend from the limit too, or
     * something delays our calls. A rare rejection changes nothing. The number of calls between frequent ones shows by
     * how much we are too fast.
     */
    private double keptPart() {
        return allCalls() >= RARE ? 1 : Math.max(0.7, 1 - 1.5 / Math.max(1, allCalls()));
    }

    /** Returns true if the ceiling has proved to be granted, except for delays of some calls on their way. */
    private boolean isCeilingBelieved() {
        return granted > BELIEVED_FROM * ceiling;
    }

    private void hold(long now) {
        // Each of several that find the limit out alone would else try as often as one does for all.
        double callsElsewhere = role == Role.SEEKS ? others / floor : 0;
        double perSecond = Math.max(isAmongOthers() ? 0.1 : FEW, window.calls(now) + callsElsewhere);
        double slower = isAmongOthers() ? 1 : Math.max(1, VERY_FEW / granted);
        // What a name promises and the API does not grant is somebody else's, or a mistake. Neither ends soon.
        int longer = hasCeiling() ? timesFound : 1;
        double seconds = longer * Math.min(MOST_COUNTED, rejections) * slower / (REJECTED_PART * perSecond);
        double bounded = !provoked && isCeilingBelieved()
                ? MIN_HOLD_SECONDS
                : Math.max(MIN_HOLD_SECONDS, Math.min(MAX_HOLD_SECONDS, seconds));
        if (now - raisesAt >= 0) {
            heldAt = now;
        }
        long latest = heldAt + LONGEST_HOLD;
        long until = now + (long) (bounded * SECOND);
        // Rejections that have nothing to do with our rate would else hold the estimate down for ever.
        raisesAt = until - latest < 0 ? until : Math.max(now, latest);
    }
}
