package dev.sluice.worker.cli.console;

import dev.sluice.console.UserFileEditor;
import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.Logging;
import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.options.OptionNames;
import dev.sluice.worker.cli.options.SecretFileChange;
import java.security.SecureRandom;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code sluice console user add}. */
@Command(
        name = "add",
        abbreviateSynopsis = true,
        sortOptions = false,
        description = {
            "Make a password for a person, write its hash into the file of users, and print the password.",
            "It is shown this once and kept nowhere. Consoles read the file again within seconds."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  sluice console user add ann --users-file /etc/sluice/users --rights look,read,act",
            "  sluice console user add nginx --users-file /etc/sluice/users --rights proxy",
            "  sluice console user add bob@example.com --users-file /etc/sluice/users --without-password"
        })
public final class UserAddCommand implements Subcommand {
    private final Terminal terminal;

    @Mixin
    private UserFileOptions options = new UserFileOptions();

    @Option(
            names = "--rights",
            paramLabel = "RIGHTS",
            defaultValue = "look",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "What the person may do, with commas: look; read, which is to see what requests asked and to "
                    + "search in it; act, which is to replay dead letters. 'proxy' alone is a proxy that names people.")
    private String rights = "";

    @Option(
            names = "--without-password",
            defaultValue = "false",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Make no password: only a proxy can name this person.")
    private boolean withoutPassword;

    public UserAddCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void check(List<String> problems) {
        Logging.forClient();
        options.check(problems);
        if (options.name().equals("*") && !withoutPassword) {
            problems.add("NAME: '*' needs --without-password, since only a proxy names everybody else");
        }
    }

    @Override
    public int run() {
        UserFileEditor editor = new UserFileEditor(options.file());
        String password = SecretFileChange.run("--users-file", options.file(), () -> {
            if (withoutPassword) {
                editor.addWithoutPassword(options.name(), rights);
                return "";
            }
            return editor.add(options.name(), rights, new SecureRandom());
        });
        if (!password.isEmpty()) {
            terminal.out().println(password);
        }
        terminal.err()
                .println("User '" + options.name() + "' added to " + options.file() + "."
                        + (password.isEmpty() ? "" : " The password is not shown again."));
        return ExitCode.DONE;
    }
}
