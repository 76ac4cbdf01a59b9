package dev.sluice.worker.cli.worker;

import dev.sluice.worker.cli.options.ConfigFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The API's key in a file that may be replaced while the worker runs. Looks at the file's time of change at most once a
 * second; a file that is gone or empty for a moment, as it is while a secret is rotated, leaves the last key in use.
 *
 * <p>Thread-safe. Never shows the key, in {@link #toString()} neither.
 */
final class ApiKeyFile implements Supplier<String> {
    private static final long LOOK_AGAIN_NANOS = Duration.ofSeconds(1).toNanos();

    private final Path file;
    private final LongSupplier nanoTime;
    private String key;
    private FileTime changed;
    private long lookedAt;

    /**
     * Reads the key for the first time.
     *
     * @throws IllegalArgumentException naming the file where there is no key to be read
     */
    ApiKeyFile(Path file, LongSupplier nanoTime) {
        this.file = file;
        this.nanoTime = nanoTime;
        try {
            this.changed = Files.getLastModifiedTime(file);
            this.key = read();
        } catch (IOException unreadable) {
            throw new IllegalArgumentException(
                    "--api-key-file: cannot read " + file + ": " + ConfigFile.reason(unreadable), unreadable);
        }
        this.lookedAt = nanoTime.getAsLong();
    }

    @Override
    public synchronized String get() {
        long now = nanoTime.getAsLong();
        if (now - lookedAt >= LOOK_AGAIN_NANOS) {
            lookedAt = now;
            lookAgain();
        }
        return key;
    }

    private void lookAgain() {
        try {
            FileTime latest = Files.getLastModifiedTime(file);
            if (!latest.equals(changed)) {
                key = read();
                changed = latest;
            }
        } catch (IOException | IllegalArgumentException unreadable) {
            Log.LOGGER
                    .atWarn()
                    .addKeyValue("file", file)
                    .addKeyValue("reason", ConfigFile.reason(unreadable))
                    .log("API key file cannot be read, the last key stays in use");
        }
    }

    private String read() throws IOException {
        return checked(Files.readString(file), "--api-key-file " + file);
    }

    /**
     * The key without the line end.
     *
     * @throws IllegalArgumentException naming {@code source}, never the key, where it can't be sent in an HTTP header
     */
    static String checked(String key, String source) {
        String stripped = key.strip();
        if (stripped.isEmpty()) {
            throw new IllegalArgumentException(source + " is empty; put the API key into it");
        }
        if (!stripped.chars().allMatch(c -> c > ' ' && c < 127)) {
            throw new IllegalArgumentException(
                    source + " holds more than an API key: one line of letters, digits and signs, without spaces");
        }
        return stripped;
    }

    @Override
    public String toString() {
        return "ApiKey[" + file + "]";
    }

    /** Apart, since the options are read before the log is set up. */
    private static final class Log {
        static final Logger LOGGER = LoggerFactory.getLogger(ApiKeyFile.class);
    }
}
