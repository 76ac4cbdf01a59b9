package dev.sluice.worker.intake;

import dev.sluice.wire.Reason;

/** What a record turned out to be. */
sealed interface ParsedRecord {
    InputRecord envelope();

    /**
     * Hands the record over to where it belongs.
     *
     * @param room offsets from the record's on that its partition may still register
     */
    void to(RequestSink downstream, DueGate dueGate, long nowMillis, long room);

    /** A request that can be called. */
    record Ready(Request request) implements ParsedRecord {
        @Override
        public InputRecord envelope() {
            return request.envelope();
        }

        @Override
        public void to(RequestSink downstream, DueGate dueGate, long nowMillis, long room) {
            if (envelope().notBefore() <= nowMillis) {
                downstream.accept(request);
            } else if (!dueGate.hold(request, nowMillis, room)) {
                downstream.postpone(envelope());
            }
        }
    }

    /** Not a chat request; {@code problem} says why, for the one who published it. */
    record Refused(InputRecord envelope, Reason reason, String problem) implements ParsedRecord {
        @Override
        public void to(RequestSink downstream, DueGate dueGate, long nowMillis, long room) {
            downstream.refuse(envelope, reason, problem);
        }
    }
}
