package dev.sluice.worker.cli.console;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The options of every command that changes a file of users. */
public final class UserFileOptions {
    @Parameters(
            paramLabel = "NAME",
            description = "The name of the person, as logs and the marks of replays show it; or of a proxy; or '*' for "
                    + "everybody else whom a proxy names.")
    private String name = "";

    @Option(
            names = "--users-file",
            paramLabel = "FILE",
            description = "The file that 'sluice console --users-file' reads.")
    private @Nullable Path file;

    void check(List<String> problems) {
        if (file == null) {
            problems.add("--users-file FILE is missing; give it, or set SLUICE_USERS_FILE");
        }
        if (!name.matches("[A-Za-z0-9._@+-]{1,64}|\\*")) {
            problems.add("NAME: must be 1 to 64 letters, digits, '.', '_', '@', '+' or '-', or '*', is '" + name + "'");
        }
    }

    String name() {
        return name;
    }

    Path file() {
        return file == null ? Path.of("") : file;
    }
}
