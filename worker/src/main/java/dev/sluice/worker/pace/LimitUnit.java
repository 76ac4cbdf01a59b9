package dev.sluice.worker.pace;

/** What a limit counts. */
public enum LimitUnit {
    REQUESTS,
    /** Of prompt and completion together. */
    TOKENS
}
