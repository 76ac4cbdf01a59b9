package dev.sluice.worker.settle;

import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.outcome.Outcome;

/** Hears what settle commits. The settle thread calls it, so it must neither block nor throw. */
public interface SettleListener {
    /** A listener that ignores everything. */
    SettleListener NONE = new SettleListener() {
        @Override
        public void committed(InputRecord input, Outcome outcome, long knownAtMillis) {}

        @Override
        public void transactionEnded(boolean committed, long nanos) {}
    };

    /** Returns a listener that calls both. */
    static SettleListener both(SettleListener first, SettleListener second) {
        return new SettleListener() {
            @Override
            public void committed(InputRecord input, Outcome outcome, long knownAtMillis) {
                first.committed(input, outcome, knownAtMillis);
                second.committed(input, outcome, knownAtMillis);
            }

            @Override
            public void transactionEnded(boolean committed, long nanos) {
                first.transactionEnded(committed, nanos);
                second.transactionEnded(committed, nanos);
            }
        };
    }

    /**
     * Reports an outcome that is on Kafka for good.
     *
     * @param knownAtMillis the epoch ms at which the outcome was known
     */
    void committed(InputRecord input, Outcome outcome, long knownAtMillis);

    /**
     * Reports that a transaction has ended.
     *
     * @param committed false if it was aborted and will be tried again
     * @param nanos the time from its begin to its end
     */
    void transactionEnded(boolean committed, long nanos);
}
