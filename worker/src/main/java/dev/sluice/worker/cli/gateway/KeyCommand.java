package dev.sluice.worker.cli.gateway;

import picocli.CommandLine.Command;

/** The command {@code sluice gateway key}, which groups the commands for the keys of a door. */
@Command(
        name = "key",
        description = "Add and remove the keys that clients of a gateway send.",
        synopsisSubcommandLabel = "COMMAND")
public final class KeyCommand {}
