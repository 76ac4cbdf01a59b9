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
 * The API key in a file that can be replaced while the worker runs. The file's modification time is checked at most
 * once a second. While a secret is rotated the file may be missing or empty for a moment, and the last key stays in
 * use.
 *
 * <p>Thread-safe. Never reveals the key, not even in {@link #toString()}.
 */
final class ApiKeyFile implements Supplier<String> {
    private static final long CHECK_NANOS = Duration.ofSeconds(1).toNanos();

    private final Path file;
    private final LongSupplier nanoTime;
    private String key;
    private FileTime modified;
    private long checkedAt;

    /**
     * Reads the key for the first time.
     *
     * @throws IllegalArgumentException if the file holds no key. The message names the file.
     */
    ApiKeyFile(Path file, LongSupplier nanoTime) {
        this.file = file;
        this.nanoTime = nanoTime;
        try {
            this.modified = Files.getLastModifiedTime(file);
            this.key = read();
        } catch (IOException e) {
            throw new IllegalArgumentException("--api-key-file: cannot read " + file + ": " + ConfigFile.reason(e), e);
        }
        this.checkedAt = nanoTime.getAsLong();
    }

    @Override
    public synchronized String get() {
        long now = nanoTime.getAsLong();
        if (now - checkedAt >= CHECK_NANOS) {
            checkedAt = now;
            reread();
        }
        return key;
    }

    private void reread() {
        try {
            FileTime latest = Files.getLastModifiedTime(file);
            if (!latest.equals(modified)) {
                key = read();
                modified = latest;
            }
        } catch (IOException | IllegalArgumentException e) {
            Log.LOGGER
                    .atWarn()
                    .addKeyValue("file", file)
                    .addKeyValue("reason", ConfigFile.reason(e))
                    .log("API key file not readable, the last key stays in use");
        }
    }

    private String read() throws IOException {
        return checked(Files.readString(file), "--api-key-file " + file);
    }

    /**
     * Returns the key without the line end.
     *
     * @throws IllegalArgumentException if the key cannot be sent in an HTTP header. The message names {@code source}
     *     and never the key.
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
        return "ApiKeyFile[" + file + "]";
    }

    /** Makes the logger late, because the key is read before the options have set up the log. */
    private static final class Log {
        static final Logger LOGGER = LoggerFactory.getLogger(ApiKeyFile.class);
    }
}
