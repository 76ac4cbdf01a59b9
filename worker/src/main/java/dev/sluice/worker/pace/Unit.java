package dev.sluice.worker.pace;

/** What a limit counts. */
public enum Unit {
    REQUESTS,
    /** Of prompt and completion together. */
    TOKENS
}
