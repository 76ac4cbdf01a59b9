package dev.sluice.worker.pace;

/** The amount that one call takes from one budget, or what is added to that later. Owned by the pace thread. */
final class Charge {
    private final ConnectingCalls.ConnectingCall connecting;
    private final long startedAt;
    private final long expected;
    private final boolean isCall;
    private long amount;
    private long grown;
    /** True while {@link SlidingWindow} counts this charge in its sum. Only that class reads and writes it. */
    boolean counted;

    /**
     * Creates the charge of a call that starts.
     *
     * @param startedAt the start of the call, in nanoseconds of the pace's clock
     * @param connecting the call's way to the API
     * @param expected the amount that the call is expected to cost
     */
    Charge(long startedAt, ConnectingCalls.ConnectingCall connecting, long expected) {
        this(startedAt, connecting, expected, true);
    }

    private Charge(long startedAt, ConnectingCalls.ConnectingCall connecting, long expected, boolean isCall) {
        this.connecting = connecting;
        this.startedAt = startedAt;
        this.expected = expected;
        this.amount = expected;
        this.isCall = isCall;
    }

    /**
     * Adds to what the call takes. Returns a charge of its own for that, which counts from {@code now} on.
     *
     * @param now the time by the pace's clock
     */
    Charge grow(long now, long more) {
        grown += more;
        return new Charge(now, connecting, more, false);
    }

    /** Returns true for the charge of a call, and false for what is added to one. */
    boolean isCall() {
        return isCall;
    }

    /** Returns what was added since the start of the call. */
    long grown() {
        return grown;
    }

    /** Returns the earliest time at which the API can count this, as far as is known at {@code now}. */
    long sentAt(long now) {
        // What is added while the answer comes counts since then, and the call was sent before.
        return Math.max(startedAt, connecting.sentAt(now));
    }

    long startedAt() {
        return startedAt;
    }

    /** Returns the amount that was expected when the call started, even if the call was rejected and cost nothing. */
    long expected() {
        return expected;
    }

    long amount() {
        return amount;
    }

    void amount(long corrected) {
        amount = corrected;
    }
}
