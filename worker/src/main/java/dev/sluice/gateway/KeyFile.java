package dev.sluice.gateway;

import java.io.IOException;
import java.nio.file.Files;
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
        try {
            this.lines = Files.readAllLines(file);
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot be read: " + e, e);
        }
        this.keys = DoorKeys.parse(lines);
    }

    /** Returns the keys that are valid now. */
    DoorKeys keys() {
        return keys;
    }

    /** Reads the file again. Its keys begin anew with what they may have waiting if it has changed. */
    synchronized void reload() {
        try {
            List<String> now = Files.readAllLines(file);
            if (!now.equals(lines)) {
                lines = now;
                keys = DoorKeys.parse(now);
                LOG.atInfo().addKeyValue("file", file).log("Keys read");
                problem = null;
            }
        } catch (IOException | IllegalArgumentException e) {
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
