package dev.sluice.worker.intake;

import dev.sluice.wire.Reason;

/** The result of parsing a record. */
sealed interface ParsedRecord {
    InputRecord input();

    /** A request that can be called. */
    record Ready(Request request) implements ParsedRecord {
        @Override
        public InputRecord input() {
            return request.input();
        }
    }

    /**
     * A record that is not a valid chat request.
     *
     * @param problem tells the producer why
     */
    record Refused(InputRecord input, Reason reason, String problem) implements ParsedRecord {}
}
