package dev.sluice.worker.intake;

import dev.sluice.wire.Reason;

/** The result of parsing a record. */
sealed interface ParsedRecord {
    InputRecord input();

    /**
     * Hands the record to the stage that handles it.
     *
     * @param room the number of offsets, from the record's own on, that its partition may still register
     */
    void handTo(RequestSink sink, DueGate dueGate, long nowMillis, long room);

    /** A request that can be called. */
    record Ready(Request request) implements ParsedRecord {
        @Override
        public InputRecord input() {
            return request.input();
        }

        @Override
        public void handTo(RequestSink sink, DueGate dueGate, long nowMillis, long room) {
            if (input().notBefore() <= nowMillis) {
                sink.accept(request);
            } else if (!dueGate.delay(request, nowMillis, room)) {
                sink.postpone(input());
            }
        }
    }

    /**
     * A record that is not a valid chat request.
     *
     * @param problem tells the producer why
     */
    record Refused(InputRecord input, Reason reason, String problem) implements ParsedRecord {
        @Override
        public void handTo(RequestSink sink, DueGate dueGate, long nowMillis, long room) {
            sink.refuse(input, reason, problem);
        }
    }
}
