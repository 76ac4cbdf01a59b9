package dev.sluice.trials.chaos.plan;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** A kind of fault, how long it lasts, and how many brokers it needs. */
public enum FaultKind {
    /** A worker is killed (SIGKILL) and replaced. */
    KILL_WORKER(0, 3_000),
    /** A worker is frozen (SIGSTOP) for longer than its session lives, and goes on as a zombie. */
    FREEZE_WORKER(11_500, 15_000),
    /** A worker is stopped (SIGTERM) and replaced when it has drained. */
    TERMINATE_WORKER(0, 2_000),
    /** A worker is cut off from the broker but not from the API. The packets arrive late. */
    CUT_WORKER_OFF(12_000, 16_000),
    /** A worker's transactions are committed, but the answers are held for longer than it retries. */
    HOLD_COMMIT_ANSWERS(17_000, 19_000),
    /** A worker is killed between the commit of its transaction and the answer. */
    KILL_IN_COMMIT(0, 3_000),
    /** A broker is killed and restarted. */
    KILL_BROKER(500, 4_000),
    /** A broker is shut down and restarted. */
    RESTART_BROKER(500, 4_000),
    /** A broker is frozen: connections stay open without an answer. */
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
    /** Something before the API answers everything, with a status and a body of its own. */
    EDGE_ANSWERS(3_000, 10_000),
    /** Half of the calls end with an edge's 524, after which the API may go on working. */
    EDGE_GIVES_UP(2_000, 6_000),
    /** Seven of ten calls end with 503. */
    BROWN_OUT(6_000, 15_000),
    /** Half of the connections are closed when a call arrives. */
    CONNECTIONS_CUT(2_000, 6_000),
    /** The API's answers are compressed, which nobody asked for. */
    ANSWERS_ZIPPED(2_000, 6_000),
    /** A worker is added. */
    SCALE_UP(0, 1),
    /** A worker is stopped for good. */
    SCALE_DOWN(0, 1),
    /** All brokers are restarted, one after the other, each when the last is in sync again. */
    ROLL_BROKERS(0, 2_000, 3),
    /** The broker that is the active controller is killed and restarted, before or after its session is over. */
    KILL_CONTROLLER(1_000, 15_000, 3),
    /** The broker that coordinates all transactions is killed and restarted. */
    KILL_TRANSACTION_COORDINATOR(1_000, 15_000, 3),
    /** The broker that coordinates the workers' group is killed and restarted. */
    KILL_GROUP_COORDINATOR(1_000, 15_000, 3),
    /** Two brokers are killed at once and restarted. The third alone takes no records. */
    KILL_TWO_BROKERS(2_000, 8_000, 3),
    /** A broker is cut off from the others, but not from its clients. The packets arrive late. */
    CUT_BROKER_OFF(12_000, 20_000, 3),
    /** The leaders of all partitions are elected anew, each on another broker. */
    MOVE_LEADERS(0, 1, 3),
    /** The disk of a broker is full, so that it ends by itself. It is restarted when there is room again. */
    FILL_DISK(1_000, 15_000, 3);

    private final int minMillis;
    private final int maxMillis;
    private final int fewestBrokers;

    FaultKind(int minMillis, int maxMillis) {
        this(minMillis, maxMillis, 1);
    }

    FaultKind(int minMillis, int maxMillis, int fewestBrokers) {
        this.minMillis = minMillis;
        this.maxMillis = maxMillis;
        this.fewestBrokers = fewestBrokers;
    }

    /** Returns the kinds that can happen to that many brokers. */
    public static List<FaultKind> of(int brokers) {
        return Arrays.stream(values()).filter(kind -> kind.fitsTo(brokers)).toList();
    }

    /** Tells whether it can happen to that many brokers. */
    public boolean fitsTo(int brokers) {
        return brokers >= fewestBrokers;
    }

    /** Tells whether the next fault waits for its end. Another fault would make the worker give up its commit. */
    boolean isUndisturbed() {
        return this == HOLD_COMMIT_ANSWERS;
    }

    /** Tells whether operators do it every day, so that it is no reason to repeat a call. */
    public boolean isHarmless() {
        return this == ROLL_BROKERS || this == MOVE_LEADERS;
    }

    int minMillis() {
        return minMillis;
    }

    int maxMillis() {
        return maxMillis;
    }

    /** Returns its name as it is printed. */
    public String words() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
