package dev.sluice.worker.settle;

import dev.sluice.worker.intake.Envelope;
import dev.sluice.worker.outcome.Outcome;

/** Told what settle commits. Called by the settle thread; must neither block nor throw. */
public interface SettleListener {
    /** Nobody listens. */
    SettleListener NONE = new SettleListener() {
        @Override
        public void committed(Envelope envelope, Outcome outcome) {}

        @Override
        public void transactionEnded(boolean committed, long nanos) {}
    };

    /** This outcome is on Kafka for good. */
    void committed(Envelope envelope, Outcome outcome);

    /**
     * A transaction has ended.
     *
     * @param committed false where it was aborted, to be tried again
     */
    void transactionEnded(boolean committed, long nanos);
}
