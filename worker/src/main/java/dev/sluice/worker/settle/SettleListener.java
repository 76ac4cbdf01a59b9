package dev.sluice.worker.settle;

import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.outcome.Outcome;

/** Told what settle commits. Called by the settle thread; must neither block nor throw. */
public interface SettleListener {
    /** Nobody listens. */
    SettleListener NONE = new SettleListener() {
        @Override
        public void committed(InputRecord envelope, Outcome outcome, long knownAtMillis) {}

        @Override
        public void transactionEnded(boolean committed, long nanos) {}
    };

    /** Tells both. */
    static SettleListener both(SettleListener first, SettleListener second) {
        return new SettleListener() {
            @Override
            public void committed(InputRecord envelope, Outcome outcome, long knownAtMillis) {
                first.committed(envelope, outcome, knownAtMillis);
                second.committed(envelope, outcome, knownAtMillis);
            }

            @Override
            public void transactionEnded(boolean committed, long nanos) {
                first.transactionEnded(committed, nanos);
                second.transactionEnded(committed, nanos);
            }
        };
    }

    /**
     * This outcome is on Kafka for good.
     *
     * @param knownAtMillis epoch ms at which it was known
     */
    void committed(InputRecord envelope, Outcome outcome, long knownAtMillis);

    /**
     * A transaction has ended.
     *
     * @param committed false where it was aborted, to be tried again
     */
    void transactionEnded(boolean committed, long nanos);
}
