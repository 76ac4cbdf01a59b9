package dev.sluice.trials.chaos.history;

/**
 * A record of the reply topic or of the dead letters, as a {@code read_committed} reader saw it.
 *
 * @param place {@code topic-partition@offset}
 * @param status {@code ok} or {@code failed}; empty on a dead letter
 * @param reason empty: none
 * @param answer what the API's answer says; empty: it is none
 * @param seenAt epoch milliseconds
 */
public record SeenEnding(Place place, String id, String status, String reason, String answer, long seenAt) {
    /** Where it lies. */
    public record Place(boolean dead, int partition, long offset) {
        @Override
        public String toString() {
            return (dead ? "dead-" : "replies-") + partition + "@" + offset;
        }
    }

    public boolean isDead() {
        return place.dead();
    }

    public boolean isOk() {
        return status.equals("ok");
    }
}
