package dev.sluice.worker.pace;

/** What a request's lane says about who is to blame when its call fails. */
public enum FailureBlame {
    /** The lane flows: the request may well be. */
    FLOWING,
    /** The lane is stopped or probing: the API is. */
    HELD,
    /**
     * The lane is probing with this request, and every other that waits was a probe in vain: nobody can tell, and
     * requests that always fail must not wait for ever for another to pass.
     */
    ALONE
}
