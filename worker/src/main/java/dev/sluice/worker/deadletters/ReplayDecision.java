package dev.sluice.worker.deadletters;

/** The decision of a replay about a dead letter. All letters except those with {@link #SEND} stay where they are. */
public enum ReplayDecision {
    /** The letter does not match the filter. */
    NO_MATCH,
    /** The letter is sent back. */
    SEND,
    /** The letter was sent back by an earlier replay. */
    ALREADY_REPLAYED,
    /** The request has been replayed as often as is allowed, and has died each time. */
    REPLAYED_TOO_OFTEN,
    /** The letter has no value. The request itself is at the position in {@code sluice-origin}, if it still exists. */
    NO_BODY,
    /** The value is not a JSON object. The request would die again at once. */
    UNREADABLE,
    /** A field cannot be set because a value on its path is not an object. */
    NOT_EDITABLE
}
