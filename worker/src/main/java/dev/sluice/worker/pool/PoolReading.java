package dev.sluice.worker.pool;

import java.util.Map;

/**
 * What a tool has read of the reports of workers. Immutable.
 *
 * @param workers the reports of the workers that are alive, by name
 * @param problem why there are none, or not all, with the remedy; empty if nothing is wrong
 */
public record PoolReading(State state, Map<String, WorkerReport> workers, String problem) {
    /** The ways in which reading ends. */
    public enum State {
        /** At least one worker reports. */
        ALIVE,
        /** There are reports, and all of them are old. */
        SILENT,
        /** Nobody has ever written a report. */
        EMPTY,
        /** The topic does not exist. */
        MISSING,
        /** This user may not read the topic. */
        DENIED,
        /** Kafka does not answer, or answers with another error. */
        UNREADABLE
    }

    /** Returns a reading without workers. */
    public static PoolReading none(State state, String problem) {
        return new PoolReading(state, Map.of(), problem);
    }

    /** Returns whether the reports could be read, be there some or none. */
    public boolean isRead() {
        return state == State.ALIVE || state == State.SILENT || state == State.EMPTY;
    }
}
