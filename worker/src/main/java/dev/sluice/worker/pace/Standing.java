package dev.sluice.worker.pace;

/** What a request's lane says about who is to blame when its call fails. */
public enum Standing {
    /** The lane flows: the request may well be. */
    FLOWING,
    /** The lane is stopped or probing: the API is. */
    HELD,
    /**
     * The lane is probing with this request, and has no other to probe with: nobody can tell, and a request that always
     * fails must not wait for ever for another to pass.
     */
    ALONE
}
