package dev.sluice.worker.cli.dlq;

import picocli.CommandLine.Command;

/** Groups the commands around dead letters. */
@Command(name = "dlq", description = "Look at dead letters and send them back.", synopsisSubcommandLabel = "COMMAND")
public final class DlqCommand {}
