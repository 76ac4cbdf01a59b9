package dev.sluice.http;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what a file of secrets says up to date. A file that cannot be read, or has a mistake, leaves the last good
 * content in use. Thread-safe: one thread reads, any may ask.
 *
 * @param <T> the content of the file
 */
public final class ReloadedFile<T> {
    private static final Logger LOG = LoggerFactory.getLogger(ReloadedFile.class);

    private final Path file;
    private final Format<T> format;
    private volatile T content;
    private @Nullable String problem;
    private List<String> lines;

    /**
     * The form of a file.
     *
     * @param option the option that names the file
     * @param command the command that adds a line to it
     * @param parser makes the content of the lines, or throws an {@link IllegalArgumentException} with every mistake
     * @param successor returns the content to use of the one before and the one that was read
     */
    public record Format<T>(
            String option, String command, Function<List<String>, T> parser, BinaryOperator<T> successor) {}

    /**
     * Reads the file.
     *
     * @throws IllegalArgumentException with the option, the file and every problem of it
     */
    public ReloadedFile(Path file, Format<T> format) {
        this.file = file;
        this.format = format;
        try {
            this.lines = read();
            this.content = format.parser().apply(lines);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(format.option() + " " + file + ": " + e.getMessage(), e);
        }
    }

    private List<String> read() {
        try {
            return Files.readAllLines(file);
        } catch (NoSuchFileException e) {
            throw new IllegalArgumentException(
                    "no such file; make it with '" + format.command() + " NAME " + format.option() + " " + file + "'",
                    e);
        } catch (AccessDeniedException e) {
            throw new IllegalArgumentException("no right to read it; give it to the user who runs this", e);
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("is no text in UTF-8", e);
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot be read: " + e.getMessage(), e);
        }
    }

    /** Returns what is valid now. */
    public T content() {
        return content;
    }

    /**
     * Reads the file again. This blocks.
     *
     * @return true if its content was replaced
     */
    public synchronized boolean reload() {
        try {
            List<String> now = read();
            if (problem == null && now.equals(lines)) {
                return false;
            }
            content = format.successor().apply(content, format.parser().apply(now));
            lines = now;
            problem = null;
            LOG.atInfo().addKeyValue("file", file).log("File read again");
            return true;
        } catch (IllegalArgumentException e) {
            report(file + ": " + e.getMessage());
            return false;
        }
    }

    private void report(String found) {
        if (!found.equals(problem)) {
            problem = found;
            LOG.atError().addKeyValue("problem", found).log("File not read; what it said last stays in use");
        }
    }
}
