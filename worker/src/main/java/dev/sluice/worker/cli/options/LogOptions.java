package dev.sluice.worker.cli.options;

import dev.sluice.worker.cli.command.Logging;
import picocli.CommandLine.Option;

/** The options of the log of a process that serves. */
public final class LogOptions {
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

    @Option(
            names = "--log-requests",
            description =
                    "A line for each request that has ended: its id, status and times, and its tenant and attempts "
                            + "on a worker; never what it asked or was answered. Costs something where thousands end "
                            + "in a second.")
    private boolean requests;

    /** Sets up the log. No logger may exist before this. */
    public void apply() {
        Logging.forServer(level, format, requests);
    }
}
