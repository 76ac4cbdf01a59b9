package dev.sluice.trials.chaos.history;

import dev.sluice.wire.Reason;

/**
 * A record of the reply topic or of the dead letter topic, as a {@code read_committed} reader saw it.
 *
 * @param status {@code ok} or {@code failed}; empty for a dead letter
 * @param reason the reason of the failure; empty if there is none
 * @param answer the text of the API's answer; empty if there is none
 * @param seenAt epoch milliseconds
 */
public record ObservedEnding(Position position, String id, String status, String reason, String answer, long seenAt) {
    /** The position of the record. */
    public record Position(boolean dead, int partition, long offset) {
        @Override
        public String toString() {
            return (dead ? "dead-" : "replies-") + partition + "@" + offset;
        }
    }

    public boolean isDead() {
        return position.dead();
    }

    public boolean isCancelled() {
        return reason.equals(Reason.CANCELLED.word());
    }

    public boolean isOk() {
        return status.equals("ok");
    }
}
