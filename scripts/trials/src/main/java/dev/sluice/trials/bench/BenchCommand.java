package dev.sluice.trials.bench;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * The {@code bench} command. It exits with 0 if all bounds hold, with 1 if a bound is missed or the run fails, and with
 * 2 after wrong usage.
 */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        subcommands = {
            StartUpScenario.class,
            RestartScenario.class,
            OvertakeScenario.class,
            DelayedScenario.class,
            ScalingScenario.class,
            PaceCommand.class,
            ThroughputScenario.class,
            ScaleUpScenario.class,
            LatencyScenario.class,
            DoorScenario.class,
            KilledScenario.class,
            RetryScenario.class,
            NeighboursCommand.class,
            AllScenarios.class
        },
        description =
                "Measures real workers on a real broker and compares what it finds with stated bounds. All times are "
                        + "in milliseconds.")
public final class BenchCommand {
    private static final int WRONG_USAGE = 2;

    private BenchCommand() {}

    /** Runs the command and ends the JVM with its exit code. */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new BenchCommand())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler((wrong, args) -> {
                    wrong.getCommandLine().getErr().println("bench: " + wrong.getMessage());
                    return WRONG_USAGE;
                });
    }
}
