package dev.sluice.worker.cli;

import org.slf4j.LoggerFactory;

/** Where the stack trace of what should not have happened goes: to the log, for those who turn DEBUG on. */
final class Defects {
    private Defects() {}

    static void log(Throwable defect) {
        LoggerFactory.getLogger(Defects.class).debug("command failed", defect);
    }
}
