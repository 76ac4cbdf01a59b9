package dev.sluice.worker.cli.console;

import dev.sluice.console.UserFileEditor;
import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.Logging;
import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.options.SecretFileChange;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The command {@code sluice console user remove}. */
@Command(
        name = "remove",
        abbreviateSynopsis = true,
        sortOptions = false,
        description = "Remove a person from the file of users. Consoles refuse them within seconds.")
public final class UserRemoveCommand implements Subcommand {
    private final Terminal terminal;

    @Mixin
    private UserFileOptions options = new UserFileOptions();

    public UserRemoveCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void check(List<String> problems) {
        Logging.forClient();
        options.check(problems);
    }

    @Override
    public int run() {
        String name = SecretFileChange.run("--users-file", options.file(), () -> {
            new UserFileEditor(options.file()).remove(options.name());
            return options.name();
        });
        terminal.err().println("User '" + name + "' removed from " + options.file() + ".");
        return ExitCode.DONE;
    }
}
