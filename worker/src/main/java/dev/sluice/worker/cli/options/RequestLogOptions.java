package dev.sluice.worker.cli.options;

import picocli.CommandLine.Option;

/** The options of the log of a process through which requests go. */
public final class RequestLogOptions extends LogOptions {
    @Option(
            names = "--log-requests",
            description =
                    "A line for each request that has ended: its id, status and times, and its tenant and attempts "
                            + "on a worker; never what it asked or was answered. Costs something where thousands end "
                            + "in a second.")
    private boolean requests;

    @Override
    public void apply() {
        apply(requests);
    }
}
