package dev.sluice.worker.cli.topics;

import picocli.CommandLine.Command;

/** The command {@code sluice topics}, which groups the commands for topics. */
@Command(
        name = "topics",
        description = "Create and look at the topics of a queue.",
        synopsisSubcommandLabel = "COMMAND")
public final class TopicsCommand {}
