package dev.sluice.worker.pace;

/** The way in which a call failed. Failures of one kind are compared with each other. */
public enum FailureKind {
    /** The API or an edge answered that it failed: 408, 409, 425, 5xx, or a body that is no completion. */
    SERVER,
    /** The call had no complete answer: a time-out, a refused or cut connection. */
    NO_ANSWER,
    /** Something in front of the API answered for it: a redirect, or a 4xx that is not in the API's form. */
    FOREIGN,
    /** 429. */
    LIMITED
}
