package dev.sluice.worker.deadletters;

/** What a replay makes of a letter. */
public enum ReplayDecision {
    /** It does not match the filter. */
    OTHER,
    /** It is sent back. */
    SENT,
    /** It was sent back by an earlier replay. */
    REPLAYED,
    /** Its request has been replayed as often as is allowed, and has died each time. */
    TOO_OFTEN,
    /** The letter has no value: the request lies where its {@code sluice-origin} says, if anywhere. */
    NO_BODY,
    /** The value is no JSON object; it would die again at once. */
    UNREADABLE,
    /** A field that is to be set lies within something that is no object. */
    UNMENDABLE
}
