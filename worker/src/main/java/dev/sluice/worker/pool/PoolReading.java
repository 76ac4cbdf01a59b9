package dev.sluice.worker.pool;

import java.util.Map;

/**
 * The reports of workers as a tool has read them. Immutable.
 *
 * @param workers the reports of the workers that are alive, by name
 * @param problem why there are none, or not all, with the remedy; empty if nothing is wrong
 */
public record PoolReading(State state, Map<String, WorkerReport> workers, String problem) {
    /** The ways in which reading ends. */
    public enum State {
        /** One worker or more reports. */
        ALIVE,
        /** The topic has reports, and all of them are old. */
        SILENT,
        /** The topic has never had a report. */
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
