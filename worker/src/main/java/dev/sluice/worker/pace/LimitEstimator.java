package dev.sluice.worker.pace;

import dev.sluice.worker.provider.TogetherApi;

/**
 * Finds out how much the API grants, in one unit, for this worker's share. Arithmetic only; owned by the pace thread.
 *
 * <p>It begins with the little that every account has and raises it, gently and then ever faster, until a call is
 * refused. What had been sent and granted in the second before that call was sent is then the limit: an API that counts
 * within a sliding second refuses exactly what does not fit. Refusals of calls that were sent before this was known are
 * part of the same event and change nothing but the measure. After a while it raises again; the while is such that the
 * refusals this costs stay a small part of all calls. It never goes above what it was told, by configuration or by
 * headers.
 */
final class LimitEstimator {
    private static final long SECOND = 1_000_000_000L;
    private static final double EXCESS_DOUBLES_IN = 0.3 * SECOND;
    private static final double GENTLE = 0.02;
    /** The part of all calls that finding out may cost. */
    private static final double REFUSED_FOR_FINDING_OUT = 0.008;
    /**
     * And where others share the limit, what it costs by the root of the calls per second. If it were by the calls, as
     * above, who is fast would look for more so much more often that who is slow would never catch up.
     */
    private static final double REFUSED_BY_ROOT = 0.014;

    /** Of what we were told. */
    private static final double NEARLY = 0.9;

    private static final double SHORTEST_HOLD = 2;
    private static final double LONGEST_HOLD = 30;
    /** One unprovoked refusal among so many calls is nothing to slow down for. */
    private static final int RARELY = 100;
    /** For so long after a refusal the API's second may be full of what was sent before it. */
    private static final long AFTERMATH = 1_200_000_000L;

    private static final double A_LITTLE_LESS = 0.95;
    /** What is kept with each refusal where others look for the same limit. */
    private static final double KEPT = 0.97;
    /** And no more than this many times what is asked for: that so much was granted once shows nothing for now. */
    private static final double ASKED = 1.5;
    /** A refusal after no more calls than this follows on the last one. */
    private static final int FOLLOWS = 8;
    /** So many in a row are what another one's search costs. */
    private static final int FROM_A_SEARCH = 3;
    /** Each of more costs one part more than the last one, up to so many: the limit has fallen a lot. */
    private static final int MOST_PARTS = 6;

    /** Within a second fewer calls than this say little about a rate. */
    private static final int FEW = 4;

    private final SlidingWindow window;
    /** The part of a whole limit that is ours. */
    private double share;

    /** Nobody is granted less: there is no sense in going below, however often a call is refused. */
    private double least;

    private double ceiling = Double.POSITIVE_INFINITY;
    private double granted;
    private boolean started;
    private long raisesAt;

    /** The latest event of refusals: when it was noticed, which call was refused first, and how many were. */
    private boolean cut;

    private long cutAt;
    private long firstAt;
    private long firstAmount;
    private long firstWait;
    private int refusals;
    private boolean provoked;
    /** A single one where we keep to what we were told: something has delayed our calls. */
    private boolean excused;
    /** Such events, with few calls between them, that we did not provoke. */
    private int inARow;
    /** Calls since that event was noticed; before the first one, as if it had been long ago. */
    private int calls = RARELY;

    private LimitEstimator(SlidingWindow window, double share, double granted, double least) {
        this.window = window;
        this.share = share;
        this.granted = granted;
        this.least = least;
    }

    /** @param share the part of a whole limit that is ours */
    static LimitEstimator ofRequests(SlidingWindow window, double share) {
        return new LimitEstimator(
                window,
                share,
                TogetherApi.MIN_REQUESTS_PER_SECOND * share,
                TogetherApi.MIN_REQUESTS_PER_SECOND * share);
    }

    /** Tokens are taken to be without a limit until one shows: the requests are few at first. */
    static LimitEstimator ofTokens(SlidingWindow window, double share) {
        return new LimitEstimator(window, share, Double.POSITIVE_INFINITY, 1);
    }

    /** What may be spent per second from now on. */
    double perSecond(long now) {
        if (granted >= ceiling || !started || now - raisesAt < 0) {
            return Math.min(granted, ceiling);
        }
        double excess = step() * Math.pow(2, (now - raisesAt) / EXCESS_DOUBLES_IN);
        // no further than what is made use of shows to be granted
        double shown = Math.max(granted, 2.0 * window.sum(now)) + step();
        return Math.min(ceiling, Math.min(granted + excess, shown));
    }

    private double step() {
        return Math.max(GENTLE * granted, Math.min(1, granted));
    }

    /** Something is sent. */
    void spent(long now) {
        if (!started) {
            started = true;
            raisesAt = now + SECOND;
        }
        calls++;
    }

    /** It may spend as much as it is told, at once, and never more; by refusals it knows which part of that is true. */
    void told(double perSecond) {
        double part = Double.isInfinite(ceiling) ? Double.POSITIVE_INFINITY : granted / ceiling;
        ceiling = perSecond;
        granted = Math.min(perSecond, perSecond * part);
    }

    /** Whether there is a limit that it never goes above. */
    boolean isTold() {
        return !Double.isInfinite(ceiling);
    }

    /** The part of a whole limit that is ours from now on. */
    void share(double fraction) {
        double factor = fraction / share;
        ceiling *= factor;
        granted *= factor;
        least *= factor;
        share = fraction;
    }

    /**
     * A call was refused.
     *
     * @param amount what it would have spent
     * @param waitNanos how long the API says until it would fit; 0 where it does not say
     * @return whether we had provoked it by trying more than is known to be granted
     */
    boolean refused(Charge spend, long amount, long waitNanos, long now) {
        if (cut && spend.at() - cutAt < 0) {
            refusals++;
            if (spend.at() - firstAt < 0) {
                first(spend.at(), amount, waitNanos);
            }
            granted = excused ? granted : Math.min(granted, measured());
        } else {
            boolean aftermath = cut && now - cutAt < AFTERMATH;
            cut = true;
            cutAt = now;
            refusals = 1;
            provoked = granted < ceiling && spend.at() - raisesAt >= 0;
            inARow = provoked ? 0 : (calls <= FOLLOWS ? inARow : 0) + 1;
            excused = !provoked && isBelieved() && calls >= RARELY;
            first(spend.at(), amount, waitNanos);
            granted = excused ? granted : lowered(aftermath);
            calls = 0;
        }
        granted = Math.max(granted, least);
        hold(now);
        return provoked;
    }

    private double lowered(boolean aftermath) {
        if (sharesTheUnknown()) {
            return provoked ? KEPT * measured() : lowerPart();
        }
        if (provoked || isBelieved()) {
            return measured();
        }
        return Math.min(measured(), Math.min(granted, ceiling) * (aftermath ? A_LITTLE_LESS : part()));
    }

    /**
     * What all keep of their parts, so that these come closer. Not as little as each has been granted of late, which
     * would keep down who is refused most.
     */
    private double lowerPart() {
        double used = Math.max(measured(), ASKED * window.asked(cutAt));
        int parts = Math.max(1, Math.min(MOST_PARTS, inARow - FROM_A_SEARCH + 1));
        return Math.pow(KEPT, parts) * Math.min(granted, used);
    }

    private void first(long sentAt, long amount, long waitNanos) {
        firstAt = sentAt;
        firstAmount = amount;
        // a hint in whole seconds says nothing about what lies within one
        firstWait = waitNanos < SECOND ? waitNanos : 0;
    }

    /**
     * What the limit was when the first call was refused: two bounds, and what was believed before where it lies
     * between them. If the API says when that call would have fitted, then it and what would still have been within the
     * second make up the limit; this holds for a limit that has just been lowered too. Without that, it did not fit on
     * top of all that was.
     */
    private double measured() {
        long from = firstAt - SECOND + firstWait;
        double within = window.between(from, firstAt);
        double lower = firstWait > 0 ? within + firstAmount : within;
        double upper = lower + (firstWait > 0 ? window.lastUpTo(from) : firstAmount) - 1;
        double measured = Math.max(Math.max(lower, Math.min(granted, upper)), Math.min(granted, (double) firstAmount));
        return window.calls(firstAt) < FEW
                ? Math.min(measured, window.averageBefore(firstAt, FEW) * (1 + LaneBudget.MARGIN))
                : measured;
    }

    /**
     * What to keep of the limit after a refusal that we did not provoke: others spend from it too, or something delays
     * our calls. A rare one is nothing to slow down for; of frequent ones every how many calls they come says by how
     * much we are too fast.
     */
    private double part() {
        return calls >= RARELY ? 1 : Math.max(0.7, 1 - 1.5 / Math.max(1, calls));
    }

    /**
     * Whether others look for the same limit. Each sees only its own part of what was sent, and would keep that for
     * good, however small. So with each refusal a part of what one has is given away: who has more gives more, and who
     * looks next finds it, whoever that is. That ends where all have the same.
     */
    private boolean sharesTheUnknown() {
        return share < 1 && !isTold();
    }

    /** Whether what we were told has proved true, but for delays on the way of some calls. */
    private boolean isBelieved() {
        return granted > NEARLY * ceiling;
    }

    private void hold(long now) {
        double perSecond = Math.max(0.1, window.calls(now));
        double seconds = sharesTheUnknown()
                ? refusals / (REFUSED_BY_ROOT * Math.sqrt(perSecond))
                : refusals / (REFUSED_FOR_FINDING_OUT * perSecond);
        double bounded =
                !provoked && isBelieved() ? SHORTEST_HOLD : Math.max(SHORTEST_HOLD, Math.min(LONGEST_HOLD, seconds));
        raisesAt = now + (long) (bounded * SECOND);
    }
}
