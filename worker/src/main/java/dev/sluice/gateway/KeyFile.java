package dev.sluice.gateway;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the keys of a file up to date. A file that cannot be read, or has a mistake, leaves the last good keys in use.
 * Thread-safe: one thread reads, any may ask.
 */
final class KeyFile {
    private static final Logger LOG = LoggerFactory.getLogger(KeyFile.class);

    private final Path file;
    private volatile DoorKeys keys;
    private @Nullable String problem;
    private List<String> lines;

    /**
     * Reads the file.
     *
     * @throws IllegalArgumentException with every problem of it
     */
    KeyFile(Path file) {
        this.file = file;
        this.lines = read(file);
        this.keys = DoorKeys.parse(lines);
    }

    private static List<String> read(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (NoSuchFileException e) {
            throw new IllegalArgumentException(
                    "no such file; make it with 'sluice gateway key add NAME --keys-file " + file + "'", e);
        } catch (AccessDeniedException e) {
            throw new IllegalArgumentException("no right to read it; give it to the gateway's user", e);
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("is no text in UTF-8", e);
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot be read: " + e.getMessage(), e);
        }
    }

    /** Returns the keys that are valid now. */
    DoorKeys keys() {
        return keys;
    }

    /** Reads the file again. What the requests of a key take of its bounds stays taken if its line has not changed. */
    synchronized void reload() {
        try {
            List<String> now = read(file);
            if (problem != null || !now.equals(lines)) {
                keys = DoorKeys.parse(now).continuing(keys);
                lines = now;
                problem = null;
                LOG.atInfo().addKeyValue("file", file).log("Keys read");
            }
        } catch (IllegalArgumentException e) {
            report("the last good keys stay in use: " + file + ": " + e.getMessage());
        }
    }

    private void report(String found) {
        if (!found.equals(problem)) {
            problem = found;
            LOG.atError().addKeyValue("problem", found).log("Keys not read");
        }
    }
}
