package dev.sluice.worker.pace;

/** A lane's opinion on who is to blame if a call of one of its requests fails. */
public enum FailureBlame {
    /** The lane flows, so that the request may be to blame. */
    FLOWING,
    /** The lane is stopped or probing, so that the API is to blame. */
    HELD,
    /**
     * The lane probes with this request, and every other waiting request was a probe in vain. Nobody can tell who is to
     * blame. Requests that always fail must not wait for ever for another one to pass.
     */
    ALONE
}
