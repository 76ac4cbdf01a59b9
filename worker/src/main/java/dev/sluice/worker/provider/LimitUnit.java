package dev.sluice.worker.provider;

/** A quantity that the API limits. */
public enum LimitUnit {
    REQUESTS,
    /** Tokens of prompt and completion together. */
    TOKENS
}
