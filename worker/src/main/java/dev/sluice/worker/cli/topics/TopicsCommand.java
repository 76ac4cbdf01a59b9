package dev.sluice.worker.cli.topics;

import picocli.CommandLine.Command;

/** Groups the commands around topics. */
@Command(
        name = "topics",
        description = "Create and look at the topics of a queue.",
        synopsisSubcommandLabel = "COMMAND")
public final class TopicsCommand {}
