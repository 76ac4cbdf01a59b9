package dev.sluice.worker.cli;

import picocli.CommandLine.Command;

/** Groups the commands around dead letters. */
@Command(name = "dlq", description = "Look at dead letters and send them back.", synopsisSubcommandLabel = "COMMAND")
final class DlqCommand {}
