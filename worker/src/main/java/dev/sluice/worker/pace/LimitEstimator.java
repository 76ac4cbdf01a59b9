package dev.sluice.worker.pace;

import dev.sluice.worker.provider.TogetherApi;

/**
 * Estimates how much the API grants this worker's share in one unit. Arithmetic only; owned by the pace thread.
 *
 * <p>The estimate starts with the little that every account has. It rises ever faster until a call is rejected. The
 * amount that was sent and granted in the second before that call is then the limit, because an API with a sliding
 * second rejects exactly what does not fit. Rejections of calls that started before this was known belong to the same
 * event and only correct the measurement. After a hold time the estimate rises again. The hold time is such that the
 * rejections stay a small part of all calls. The estimate never exceeds its ceiling, which comes from the configuration
 * or from headers.
 */
final class LimitEstimator {
    private static final long SECOND = 1_000_000_000L;

    /** The first step up, as a part of the granted rate. It doubles in {@link #STEP_DOUBLES_IN}. */
    private static final double FIRST_STEP = 0.02;

    private static final double STEP_DOUBLES_IN = 0.3 * SECOND;

    /** The part of all calls that may be rejected for the sake of the estimate. */
    private static final double REJECTED_PART = 0.008;
    /**
     * The same if others share the limit, by the root of the calls per second. In proportion to the calls a fast worker
     * would probe so much more often that a slow one would never catch up.
     */
    private static final double REJECTED_PART_OF_ROOT = 0.014;

    /** A ceiling of which more than this part is granted is believed. */
    private static final double BELIEVED_FROM = 0.9;

    private static final double MIN_HOLD_SECONDS = 2;
    private static final double MAX_HOLD_SECONDS = 30;
    /**
     * Workers that share an unknown limit come back from an outage one after the other. The first keeps to what it was
     * granted before for this time, so that it does not find the parts of the others free.
     */
    private static final long HELD_AFTER_OUTAGE = 10 * SECOND;

    /** The estimate is tried again after as many longest holds, whatever is rejected meanwhile. */
    private static final int MOST_HOLDS = 2;
    /** A single unprovoked rejection among this many calls is no reason to slow down. */
    private static final int RARE = 100;
    /** The time after a rejection in which the API's second may be full of earlier calls. */
    private static final long AFTERMATH = 1_200_000_000L;

    private static final double AFTERMATH_FACTOR = 0.95;
    /** The part that is kept after each rejection if others probe the same limit. */
    private static final double KEPT_PART = 0.97;
    /** Cap on the estimate as a multiple of current demand. An older and higher grant proves nothing about now. */
    private static final double MAX_OF_DEMAND = 1.5;
    /** A rejection after no more calls than this follows on the last one. */
    private static final int IN_A_ROW_CALLS = 8;
    /** This many rejections in a row are expected while another worker probes. */
    private static final int EXPECTED_IN_A_ROW = 3;
    /**
     * The most parts given away by one event. Each event in a row beyond the expected ones gives away one part more.
     */
    private static final int MAX_PARTS = 6;

    private final SlidingWindow window;
    private final UnrelatedRejections unrelated = new UnrelatedRejections();
    /** This worker's part of the whole limit. */
    private double share;

    /** The lower bound of the estimate. No account is granted less, however often its calls are rejected. */
    private double floor;

    private double ceiling = Double.POSITIVE_INFINITY;
    private double granted;
    private boolean started;
    private long raisesAt;
    private long heldAt;

    // The latest event: a rejection, and the later rejections of calls that started before it was noticed.
    private boolean hasEvent;
    private long eventAt;
    private FirstRejection first = FirstRejection.NONE;
    private int rejections;
    private boolean provoked;
    /** True for a rare event at a believed ceiling. Something has delayed our calls, and the estimate stays. */
    private boolean excused;
    /** The number of unprovoked events with few calls between them. */
    private int eventsInARow;
    /** The calls since the event was noticed. It begins as if the last event had been long ago. */
    private int calls = RARE;

    private LimitEstimator(SlidingWindow window, double share, double granted, double floor) {
        this.window = window;
        this.share = share;
        this.granted = granted;
        this.floor = floor;
    }

    /** @param share this worker's part of the whole limit */
    static LimitEstimator ofRequests(SlidingWindow window, double share) {
        double first = TogetherApi.MIN_REQUESTS_PER_SECOND * share;
        return new LimitEstimator(window, share, first, first);
    }

    /** @param share this worker's part of the whole limit */
    static LimitEstimator withoutLimit(SlidingWindow window, double share) {
        // There is no limit until one shows. Tokens follow the requests, which are few at first.
        return new LimitEstimator(window, share, Double.POSITIVE_INFINITY, 1);
    }

    /** Returns the amount that may be spent per second from now on. */
    double perSecond(long now) {
        if (granted >= ceiling || !started || now - raisesAt < 0) {
            return Math.min(granted, ceiling);
        }
        double excess = step() * Math.pow(2, (now - raisesAt) / STEP_DOUBLES_IN);
        // Only what is really used shows that it is granted.
        double shown = Math.max(granted, 2.0 * window.sum(now)) + step();
        return Math.min(ceiling, Math.min(granted + excess, shown));
    }

    private double step() {
        return Math.max(FIRST_STEP * granted, Math.min(1, granted));
    }

    /** Records the start of a call. */
    void started(long now) {
        if (!started) {
            started = true;
            raisesAt = now + SECOND;
        }
        calls++;
        unrelated.started(granted, now).ifPresent(before -> {
            granted = Math.min(before, ceiling);
            raisesAt = now;
        });
    }

    /** Records that calls pass again after none was sent because the API failed. */
    void resumed(long now) {
        if (sharesUnknownLimit()) {
            raisesAt = Math.max(raisesAt, now + HELD_AFTER_OUTAGE);
        }
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
        rescale(fraction);
        unrelated.forget();
    }

    /** Changes this worker's part of the whole limit for a while, by what others do not need. */
    void lend(double fraction) {
        unrelated.scale(fraction / share);
        rescale(fraction);
    }

    private void rescale(double fraction) {
        double factor = fraction / share;
        ceiling *= factor;
        granted *= factor;
        floor *= factor;
        share = fraction;
    }

    /** Changes the amount per second of the whole limit that is always granted, however often calls are rejected. */
    void changeFloor(double perSecond) {
        floor = perSecond * share;
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
        unrelated.rejected(charge.startedAt());
        if (unrelated.isKnown(now)) {
            double kept = unrelated.keptPart();
            if (kept < 1) {
                granted = Math.max(floor, kept * perSecond(now));
                raisesAt = now + (long) (MIN_HOLD_SECONDS * SECOND);
            }
            return true;
        }
        if (hasEvent && charge.startedAt() - eventAt < 0) {
            rejections++;
            if (charge.startedAt() - first.startedAt() < 0) {
                first = FirstRejection.of(charge.startedAt(), amount, waitNanos);
            }
            granted = excused ? granted : Math.min(granted, measured());
        } else {
            beginEvent(charge, amount, waitNanos, now);
        }
        granted = Math.max(granted, floor);
        hold(now);
        return provoked;
    }

    private void beginEvent(Charge charge, long amount, long waitNanos, long now) {
        boolean aftermath = hasEvent && now - eventAt < AFTERMATH;
        hasEvent = true;
        eventAt = now;
        rejections = 1;
        provoked = granted < ceiling && charge.startedAt() - raisesAt >= 0;
        eventsInARow = provoked ? 0 : (calls <= IN_A_ROW_CALLS ? eventsInARow : 0) + 1;
        excused = !provoked && isCeilingBelieved() && calls >= RARE;
        first = FirstRejection.of(charge.startedAt(), amount, waitNanos);
        if (!provoked && !excused && !sharesUnknownLimit()) {
            unrelated.lowering(granted, now);
        }
        granted = excused ? granted : lowered(aftermath);
        calls = 0;
    }

    private double lowered(boolean aftermath) {
        if (sharesUnknownLimit()) {
            return provoked ? KEPT_PART * measured() : givenAway();
        }
        if (provoked || isCeilingBelieved()) {
            return measured();
        }
        return Math.min(measured(), Math.min(granted, ceiling) * (aftermath ? AFTERMATH_FACTOR : keptPart()));
    }

    /**
     * Returns what remains after this worker gives away a part. All workers keep the same part, so that their rates
     * come closer. A worker does not fall to what it was granted of late, which would keep down the one rejected most.
     */
    private double givenAway() {
        double used = Math.max(measured(), MAX_OF_DEMAND * window.expected(eventAt));
        int parts = Math.max(1, Math.min(MAX_PARTS, eventsInARow - EXPECTED_IN_A_ROW + 1));
        return Math.pow(KEPT_PART, parts) * Math.min(granted, used);
    }

    private double measured() {
        return first.limit(window, granted);
    }

    /**
     * Returns the part of the estimate to keep after an unprovoked rejection. Others spend from the limit too, or
     * something delays our calls. A rare rejection changes nothing. The number of calls between frequent ones shows by
     * how much we are too fast.
     */
    private double keptPart() {
        return calls >= RARE ? 1 : Math.max(0.7, 1 - 1.5 / Math.max(1, calls));
    }

    /**
     * Returns true if other workers estimate the same limit. Each of them sees only its own part of what was sent, and
     * would keep even a small part for good. So each gives a part of its rate away with each rejection. A worker that
     * has more gives more, and any worker that probes next finds it. That ends when all have the same.
     */
    boolean sharesUnknownLimit() {
        return share < 1 && !hasCeiling();
    }

    /** Returns true if the ceiling has proved to be granted, except for delays of some calls on their way. */
    private boolean isCeilingBelieved() {
        return granted > BELIEVED_FROM * ceiling;
    }

    private void hold(long now) {
        double perSecond = Math.max(0.1, window.calls(now));
        double seconds = sharesUnknownLimit()
                ? rejections / (REJECTED_PART_OF_ROOT * Math.sqrt(perSecond))
                : rejections / (REJECTED_PART * perSecond);
        double bounded = !provoked && isCeilingBelieved()
                ? MIN_HOLD_SECONDS
                : Math.max(MIN_HOLD_SECONDS, Math.min(MAX_HOLD_SECONDS, seconds));
        if (now - raisesAt >= 0) {
            heldAt = now;
        }
        long latest = heldAt + (long) (MOST_HOLDS * MAX_HOLD_SECONDS * SECOND);
        long until = now + (long) (bounded * SECOND);
        // Rejections that have nothing to do with our rate would else hold the estimate down for ever.
        raisesAt = sharesUnknownLimit() || until - latest < 0 ? until : Math.max(now, latest);
    }
}
