package dev.sluice.worker.pace;

/** What one call takes from one budget. Owned by the pace thread. */
final class Charge {
    private final ConnectingCalls.Departure departure;
    private final long at;
    private final long asked;
    private long amount;
    /** Whether it counts in its window's sum at present: {@link SlidingWindow}'s own. */
    boolean counted;

    /**
     * @param at when the call was sent, in nanoseconds of the pace's clock
     * @param departure of the call
     */
    Charge(long at, ConnectingCalls.Departure departure, long amount) {
        this.at = at;
        this.departure = departure;
        this.asked = amount;
        this.amount = amount;
    }

    /** When the API's second that holds it begins, as far as is known at {@code now}: later than {@link #at}. */
    long leftAt(long now) {
        return departure.leftAt(now);
    }

    long at() {
        return at;
    }

    /** What it was expected to take, also where it has taken nothing. */
    long asked() {
        return asked;
    }

    long amount() {
        return amount;
    }

    void amount(long corrected) {
        amount = corrected;
    }
}
