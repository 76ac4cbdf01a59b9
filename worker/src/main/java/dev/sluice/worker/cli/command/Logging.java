package dev.sluice.worker.cli.command;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Sets up the log, which goes to standard error. The levels and the format are system properties that
 * {@code logback.xml} reads. A user's own file ({@code JAVA_OPTS=-Dlogback.configurationFile=FILE}) can read them too.
 */
public final class Logging {
    static final String LEVEL = "sluice.log.level";
    static final String LIBRARIES = "sluice.log.libraries";
    static final String FORMAT = "sluice.log.format";
    static final String REQUESTS = "sluice.log.requests";

    /** The least level that Sluice's own classes log. Libraries log warnings only. */
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

    /** The form of a log line. */
    public enum Format {
        TEXT,
        JSON;

        public static Format parse(String text) {
            return Logging.parse(values(), text);
        }
    }

    private Logging() {}

    /**
     * Sets up the log of a process that serves. It has no effect once a logger exists, so that classes which run before
     * may not have a static logger.
     */
    public static void forServer(Level level, Format format, boolean requests) {
        set(level, Level.WARN, format);
        System.setProperty(REQUESTS, requests ? Level.INFO.name() : "OFF");
    }

    /**
     * Sets up the log of a command that prints its own messages for a person. Of the libraries only errors are logged.
     */
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
