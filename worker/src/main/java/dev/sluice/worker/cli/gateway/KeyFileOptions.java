package dev.sluice.worker.cli.gateway;

import dev.sluice.gateway.KeyFileEditor;
import dev.sluice.worker.cli.options.SecretFileChange;
import dev.sluice.worker.text.CommandException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The options of every command that changes a file of keys. */
public final class KeyFileOptions {
    @Parameters(paramLabel = "NAME", description = "The name of the key, as logs show it.")
    private String name = "";

    @Option(
            names = "--keys-file",
            paramLabel = "FILE",
            description = "The file that 'sluice gateway --keys-file' reads.")
    private @Nullable Path file;

    void check(List<String> problems) {
        if (file == null) {
            problems.add("--keys-file FILE is missing; give it, or set SLUICE_KEYS_FILE");
        }
        if (!name.matches("[A-Za-z0-9._-]{1,64}")) {
            problems.add("NAME: must be 1 to 64 letters, digits, '.', '_' or '-', is '" + name + "'");
        }
    }

    String name() {
        return name;
    }

    Path file() {
        return file == null ? Path.of("") : file;
    }

    /** A change of the file. */
    @FunctionalInterface
    interface KeyChange<R> {
        R apply(KeyFileEditor editor) throws IOException;
    }

    /**
     * Changes the file.
     *
     * @throws CommandException if that is not possible
     */
    <R> R change(KeyChange<R> change) {
        return SecretFileChange.run("--keys-file", file(), () -> change.apply(new KeyFileEditor(file())));
    }
}
