package dev.sluice.worker.cli;

import dev.sluice.worker.cli.ask.AskCommand;
import dev.sluice.worker.cli.cancel.CancelCommand;
import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.console.ConsoleCommand;
import dev.sluice.worker.cli.console.UserAddCommand;
import dev.sluice.worker.cli.console.UserCommand;
import dev.sluice.worker.cli.console.UserRemoveCommand;
import dev.sluice.worker.cli.dlq.DlqCommand;
import dev.sluice.worker.cli.dlq.DlqListCommand;
import dev.sluice.worker.cli.dlq.DlqReplayCommand;
import dev.sluice.worker.cli.dlq.DlqShowCommand;
import dev.sluice.worker.cli.gateway.GatewayCommand;
import dev.sluice.worker.cli.gateway.KeyAddCommand;
import dev.sluice.worker.cli.gateway.KeyCommand;
import dev.sluice.worker.cli.gateway.KeyRemoveCommand;
import dev.sluice.worker.cli.options.Converters;
import dev.sluice.worker.cli.options.LayeredDefaults;
import dev.sluice.worker.cli.options.OptionNames;
import dev.sluice.worker.cli.status.StatusCommand;
import dev.sluice.worker.cli.submit.SubmitCommand;
import dev.sluice.worker.cli.topics.TopicsCommand;
import dev.sluice.worker.cli.topics.TopicsCreateCommand;
import dev.sluice.worker.cli.topics.TopicsDescribeCommand;
import dev.sluice.worker.cli.worker.WorkerCommand;
import dev.sluice.worker.cli.workers.WorkersCommand;
import dev.sluice.worker.text.ProgramVersion;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Builds the tree of all commands, in the order in which help shows them. */
public final class CommandTree {
    private static final int HELP_WIDTH = 100;

    private CommandTree() {}

    /** Returns the root with all commands, ready to parse a command line. */
    public static CommandLine of(Terminal terminal) {
        CommandLine root = new CommandLine(new SluiceCommand())
                .addSubcommand(new WorkerCommand(terminal))
                .addSubcommand(gateway(terminal))
                .addSubcommand(new SubmitCommand(terminal))
                .addSubcommand(new AskCommand(terminal))
                .addSubcommand(new CancelCommand(terminal))
                .addSubcommand(deadLetters(terminal))
                .addSubcommand(new StatusCommand(terminal))
                .addSubcommand(new WorkersCommand(terminal))
                .addSubcommand(console(terminal))
                .addSubcommand(topics(terminal))
                .addSubcommand(new SandboxCommand())
                .addSubcommand(new CompletionCommand(terminal));
        Converters.register(root);
        root.setUsageHelpWidth(HELP_WIDTH);
        root.setInterpolateVariables(false);
        configure(root);
        root.getCommandSpec().version("sluice " + ProgramVersion.current());
        root.getCommandSpec()
                .addOption(OptionSpec.builder("-V", "--version")
                        .versionHelp(true)
                        .description("Show the version and exit.")
                        .build());
        return root;
    }

    private static CommandLine gateway(Terminal terminal) {
        return new CommandLine(new GatewayCommand(terminal))
                .addSubcommand(new CommandLine(new KeyCommand())
                        .addSubcommand(new KeyAddCommand(terminal))
                        .addSubcommand(new KeyRemoveCommand(terminal)));
    }

    private static CommandLine console(Terminal terminal) {
        return new CommandLine(new ConsoleCommand(terminal))
                .addSubcommand(new CommandLine(new UserCommand())
                        .addSubcommand(new UserAddCommand(terminal))
                        .addSubcommand(new UserRemoveCommand(terminal)));
    }

    private static CommandLine deadLetters(Terminal terminal) {
        return new CommandLine(new DlqCommand())
                .addSubcommand(new DlqListCommand(terminal))
                .addSubcommand(new DlqShowCommand(terminal))
                .addSubcommand(new DlqReplayCommand(terminal));
    }

    private static CommandLine topics(Terminal terminal) {
        return new CommandLine(new TopicsCommand())
                .addSubcommand(new TopicsCreateCommand(terminal))
                .addSubcommand(new TopicsDescribeCommand(terminal));
    }

    private static void configure(CommandLine commandLine) {
        commandLine.getCommandSpec().parser().collectErrors(true);
        // Without this, "--model --temperature 1" would ask a model named --temperature.
        commandLine.getCommandSpec().parser().allowOptionsAsOptionParameters(false);
        commandLine
                .getCommandSpec()
                .usageMessage()
                .optionListHeading("%nOptions:%n")
                .commandListHeading("%nCommands:%n");
        describe(commandLine.getCommandSpec());
        addCommonOptions(commandLine);
        commandLine.getSubcommands().values().forEach(CommandTree::configure);
    }

    /**
     * Adds the options that no command reads itself. Picocli acts on {@code --help}, and {@link LayeredDefaults} has
     * read the file of {@code --config} before.
     */
    private static void addCommonOptions(CommandLine commandLine) {
        if (commandLine.getCommand() instanceof Subcommand) {
            commandLine
                    .getCommandSpec()
                    .addOption(OptionSpec.builder("--config")
                            .paramLabel("FILE")
                            .type(String.class)
                            .description(
                                    "Properties file (UTF-8) with any of the options above, their names without the "
                                            + "dashes. Example line: call-timeout=90s",
                                    "  Environment: SLUICE_CONFIG")
                            .build());
        }
        commandLine
                .getCommandSpec()
                .addOption(OptionSpec.builder("-h", "--help")
                        .usageHelp(true)
                        .description("Show this help and exit.")
                        .build());
    }

    /** Adds to the help of every option its default and its environment variable, so that no option can lack them. */
    private static void describe(CommandSpec spec) {
        for (OptionSpec option : List.copyOf(spec.options())) {
            List<String> description = new ArrayList<>(List.of(option.description()));
            if (option.defaultValue() != null && !option.defaultValue().equals("false")) {
                description.add("  Default: " + option.defaultValue());
            }
            if (OptionNames.isSetting(option)) {
                description.add("  Environment: " + String.join(" or ", OptionNames.env(option)));
            }
            spec.remove(option);
            spec.addOption(option.toBuilder()
                    .description(description.toArray(new String[0]))
                    .build());
        }
    }
}
