package dev.sluice.trials.bench;

import picocli.CommandLine.Command;

/**
 * The {@code neighbours} command: its scenarios measure for how long a request waits for others that have nothing to do
 * with it.
 */
@Command(
        name = "neighbours",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        subcommands = {
            HungModelScenario.class,
            DueRetriesScenario.class,
            ExpressScenario.class,
            GiantScenario.class,
            TenantsScenario.class,
            OneFlowScenario.class
        },
        description = "How long requests wait for others that have nothing to do with them.")
final class NeighboursCommand {
    private NeighboursCommand() {}
}
