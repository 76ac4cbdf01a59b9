package dev.sluice.worker.observe;

import dev.sluice.worker.outcome.Outcome;

/** The word for what becomes of a request, in metrics and traces. */
final class OutcomeLabel {
    private static final Outcome.Cases<String> NAMES = new Outcome.Cases<>() {
        @Override
        public String reply(Outcome.Reply reply) {
            return "reply";
        }

        @Override
        public String requeue(Outcome.Requeue requeue) {
            return "requeue";
        }

        @Override
        public String deadLetter(Outcome.DeadLetter deadLetter) {
            return "dead_letter";
        }

        @Override
        public String hold(Outcome.Hold hold) {
            return "hold";
        }
    };

    private OutcomeLabel() {}

    static String of(Outcome outcome) {
        return outcome.match(NAMES);
    }
}
