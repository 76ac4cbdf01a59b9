package dev.sluice.worker.cli.dlq;

import picocli.CommandLine.Command;

/** The command group {@code sluice dlq}. */
@Command(name = "dlq", description = "Look at dead letters and send them back.", synopsisSubcommandLabel = "COMMAND")
public final class DlqCommand {}
