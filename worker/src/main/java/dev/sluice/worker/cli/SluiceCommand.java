package dev.sluice.worker.cli;

import picocli.CommandLine.Command;

/** The root of the command tree. It has commands and does nothing itself. */
@Command(
        name = "sluice",
        description = "A queue on Kafka in front of a rate-limited chat API.",
        synopsisSubcommandLabel = "COMMAND",
        footerHeading = "%n",
        footer = {
            "Every option --some-name of a command can also be set by the environment variable SLUICE_SOME_NAME, or "
                    + "by the key some-name in the properties file that --config FILE (or SLUICE_CONFIG) names. The "
                    + "command line wins, then the environment, then the file. One file serves all commands.",
            "",
            "Exit codes: 0 done; 1 something that was started has failed; 2 not started: wrong options or input, no "
                    + "broker, no topics, no API key."
        })
final class SluiceCommand {}
