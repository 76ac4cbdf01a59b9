package dev.sluice.worker.cli.command;

import org.slf4j.LoggerFactory;

/** Where the stack trace of what should not have happened goes: to the log, for those who turn DEBUG on. */
public final class DebugLog {
    private DebugLog() {}

    public static void log(Throwable defect) {
        LoggerFactory.getLogger(DebugLog.class).debug("command failed", defect);
    }
}
