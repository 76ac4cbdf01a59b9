package dev.sluice.trials.chaos.plan;

import java.util.Locale;

/** What can go wrong, with how long it lasts. */
public enum FaultKind {
    /** A worker is killed (SIGKILL) and another started in its place. */
    KILL_WORKER(0, 3_000),
    /** A worker is held still (SIGSTOP) for longer than its session lives, and goes on as a zombie. */
    FREEZE_WORKER(11_500, 15_000),
    /** A worker is told to stop (SIGTERM) and started again when it has drained. */
    TERMINATE_WORKER(0, 2_000),
    /** Nothing passes between a worker and the broker; it still calls the API. Late, all of it arrives. */
    CUT_WORKER_OFF(12_000, 16_000),
    /** A worker's transactions are committed, and it is not told for longer than it asks again. */
    HOLD_COMMIT_ANSWERS(17_000, 19_000),
    /** A worker is killed between its transaction's commit and the answer to it. */
    KILL_IN_COMMIT(0, 3_000),
    /** The broker is killed and started again. */
    KILL_BROKER(500, 4_000),
    /** The broker is stopped in an orderly way and started again. */
    RESTART_BROKER(500, 4_000),
    /** The broker is held still: connections stay open and nobody answers. */
    FREEZE_BROKER(2_000, 7_000),
    /** The API refuses connections. */
    API_DOWN(2_000, 8_000),
    /** The API answers everything with 503. */
    API_OVERLOADED(2_000, 8_000),
    /** The API's limit falls to a few requests a second. */
    LIMIT_LOWERED(4_000, 8_000),
    /** Half of the API's answers never come. */
    ANSWERS_HANG(1_000, 4_000),
    /** Half of the API's answers are cut in the middle. */
    ANSWERS_CUT(2_000, 6_000),
    /** One worker more. */
    SCALE_UP(0, 1),
    /** One worker less. */
    SCALE_DOWN(0, 1);

    private final int minMillis;
    private final int maxMillis;

    FaultKind(int minMillis, int maxMillis) {
        this.minMillis = minMillis;
        this.maxMillis = maxMillis;
    }

    /** Whether the next fault waits for its end: any other would make the worker let go of what it was about to commit. */
    boolean isUndisturbed() {
        return this == HOLD_COMMIT_ANSWERS;
    }

    int minMillis() {
        return minMillis;
    }

    int maxMillis() {
        return maxMillis;
    }

    /** As it is printed. */
    public String words() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
