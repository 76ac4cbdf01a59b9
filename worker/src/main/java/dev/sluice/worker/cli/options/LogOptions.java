package dev.sluice.worker.cli.options;

import dev.sluice.worker.cli.command.Logging;
import picocli.CommandLine.Option;

/** The options of the log of a process that serves. */
public class LogOptions {
    @Option(
            names = "--log-level",
            paramLabel = "LEVEL",
            defaultValue = "info",
            description = "error, warn, info, debug or trace. Of the libraries only warnings are logged.")
    private Logging.Level level = Logging.Level.INFO;

    @Option(
            names = "--log-format",
            paramLabel = "FORMAT",
            defaultValue = "text",
            description = "text, or json for one JSON object per line. The log goes to standard error.")
    private Logging.Format format = Logging.Format.TEXT;

    /** Sets up the log. No logger may exist before this. */
    public void apply() {
        apply(false);
    }

    /** Sets up the log, with a line for each request or without. */
    final void apply(boolean requests) {
        Logging.forServer(level, format, requests);
    }
}
