package dev.sluice.worker.intake;

import dev.sluice.wire.Reason;

/** What a record turned out to be. */
sealed interface Reading {
    Envelope envelope();

    /**
     * Hands the record over to where it belongs.
     *
     * @param room offsets from the record's on that its partition may still register
     */
    void to(Downstream downstream, DueGate dueGate, long nowMillis, long room);

    /** A request that can be called. */
    record Ready(Request request) implements Reading {
        @Override
        public Envelope envelope() {
            return request.envelope();
        }

        @Override
        public void to(Downstream downstream, DueGate dueGate, long nowMillis, long room) {
            if (envelope().notBefore() <= nowMillis) {
                downstream.accept(request);
            } else if (!dueGate.hold(request, nowMillis, room)) {
                downstream.postpone(envelope());
            }
        }
    }

    /** Not a chat request; {@code problem} says why, for the one who published it. */
    record Refused(Envelope envelope, Reason reason, String problem) implements Reading {
        @Override
        public void to(Downstream downstream, DueGate dueGate, long nowMillis, long room) {
            downstream.refuse(envelope, reason, problem);
        }
    }
}
