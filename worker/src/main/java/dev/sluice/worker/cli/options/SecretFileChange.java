package dev.sluice.worker.cli.options;

import dev.sluice.worker.text.CommandException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A change of a file of secrets, whose failures are told to a person. */
@FunctionalInterface
public interface SecretFileChange<R> {
    R apply() throws IOException;

    /**
     * Changes the file.
     *
     * @param option the option that names the file
     * @throws CommandException if that is not possible
     */
    static <R> R run(String option, Path file, SecretFileChange<R> change) {
        String where = option + " " + file + ": ";
        try {
            return change.apply();
        } catch (NoSuchFileException e) {
            throw new CommandException(where + "its folder does not exist; make it first");
        } catch (AccessDeniedException e) {
            throw new CommandException(where + "no right to read " + e.getFile()
                    + ", or to write beside it; run this as the owner of the folder");
        } catch (IllegalArgumentException | IOException e) {
            throw new CommandException(where + e.getMessage());
        }
    }
}
