package dev.sluice.worker.cli.command;

import org.slf4j.LoggerFactory;

/** Logs the stack trace of an unexpected failure at DEBUG. The terminal shows only a sentence. */
public final class DebugLog {
    private DebugLog() {}

    public static void log(Throwable failure) {
        LoggerFactory.getLogger(DebugLog.class).debug("command failed", failure);
    }
}
