package dev.sluice.worker.pace;

/** What one call takes from one budget. Owned by the pace thread. */
final class Spend {
    private final long at;
    private long amount;
    /** Whether it counts in its window's sum at present: {@link SpendWindow}'s own. */
    boolean counted;

    /** @param at when the call was sent, in nanoseconds of the pace's clock */
    Spend(long at, long amount) {
        this.at = at;
        this.amount = amount;
    }

    long at() {
        return at;
    }

    long amount() {
        return amount;
    }

    void amount(long corrected) {
        amount = corrected;
    }
}
