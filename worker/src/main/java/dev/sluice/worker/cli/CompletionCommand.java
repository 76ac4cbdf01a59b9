package dev.sluice.worker.cli;

import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import java.util.List;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The command {@code sluice completion}. */
@Command(
        name = "completion",
        description = "Print what makes bash and zsh complete commands and options of sluice.",
        footerHeading = "%nPut one of these lines into ~/.bashrc or ~/.zshrc:%n",
        footer = {
            "  source <(sluice completion)            # sluice is on the PATH", //
            "  source <(/path/to/scripts/sluice completion)"
        })
final class CompletionCommand implements Subcommand {
    private final Terminal terminal;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    CompletionCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void check(List<String> problems) {
        // The command has no options of its own.
    }

    @Override
    public int run() {
        CommandLine root = spec.root().commandLine();
        terminal.out().print(AutoComplete.bash(root.getCommandName(), root));
        return ExitCode.DONE;
    }
}
