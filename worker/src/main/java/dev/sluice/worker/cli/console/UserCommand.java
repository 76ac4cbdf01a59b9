package dev.sluice.worker.cli.console;

import picocli.CommandLine.Command;

/** The command {@code sluice console user}, which groups the commands for the people who may use a console. */
@Command(
        name = "user",
        description = "Add and remove the people who may use a console.",
        synopsisSubcommandLabel = "COMMAND")
public final class UserCommand {}
