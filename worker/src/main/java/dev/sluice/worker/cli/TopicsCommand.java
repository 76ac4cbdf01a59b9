package dev.sluice.worker.cli;

import picocli.CommandLine.Command;

/** Groups the commands around topics. */
@Command(
        name = "topics",
        description = "Create and look at the topics of a queue.",
        synopsisSubcommandLabel = "COMMAND")
final class TopicsCommand {}
