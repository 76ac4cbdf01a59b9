package dev.sluice.worker.cli.gateway;

import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.Logging;
import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The command {@code sluice gateway key remove}. */
@Command(
        name = "remove",
        abbreviateSynopsis = true,
        sortOptions = false,
        description = "Remove a key from the file of keys. Gateways refuse it within seconds.")
public final class KeyRemoveCommand implements Subcommand {
    private final Terminal terminal;

    @Mixin
    private KeyFileOptions options = new KeyFileOptions();

    public KeyRemoveCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void check(List<String> problems) {
        Logging.forClient();
        options.check(problems);
    }

    @Override
    public int run() {
        String name = options.change(editor -> {
            editor.remove(options.name());
            return options.name();
        });
        terminal.err().println("Key '" + name + "' removed from " + options.file() + ".");
        return ExitCode.DONE;
    }
}
