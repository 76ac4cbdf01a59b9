package dev.sluice.worker.cli.command;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Sets up the log, which goes to standard error. The rest is in {@code logback.xml}; whoever brings a file of their own
 * ({@code JAVA_OPTS=-Dlogback.configurationFile=FILE}) can use the same properties in it.
 */
public final class Logging {
    static final String LEVEL = "sluice.log.level";
    static final String LIBRARIES = "sluice.log.libraries";
    static final String FORMAT = "sluice.log.format";
    static final String REQUESTS = "sluice.log.requests";

    /** How much is logged of our own code; of the libraries only warnings are. */
    public enum Level {
        ERROR,
        WARN,
        INFO,
        DEBUG,
        TRACE;

        public static Level parse(String text) {
            return Logging.parse(values(), text);
        }
    }

    public enum Format {
        TEXT,
        JSON;

        public static Format parse(String text) {
            return Logging.parse(values(), text);
        }
    }

    private Logging() {}

    /** Takes effect only before the first logger is made, so that commands keep theirs in classes they use late. */
    public static void forWorker(Level level, Format format, boolean requests) {
        set(level, Level.WARN, format);
        System.setProperty(REQUESTS, requests ? Level.INFO.name() : "OFF");
    }

    /** For a command that talks to a person: it says itself what went wrong, Kafka's client does not. */
    public static void forClient() {
        set(Level.WARN, Level.ERROR, Format.TEXT);
    }

    private static void set(Level own, Level libraries, Format format) {
        System.setProperty(LEVEL, own.name());
        System.setProperty(LIBRARIES, libraries.name());
        System.setProperty(FORMAT, word(format));
    }

    private static <E extends Enum<E>> E parse(E[] values, String text) {
        return Stream.of(values)
                .filter(value -> word(value).equals(text.strip().toLowerCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("'" + text + "' is none of "
                        + Arrays.stream(values).map(Logging::word).collect(Collectors.joining(", "))));
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
