package dev.sluice.worker.cli.options;

import dev.sluice.worker.cli.command.Logging;
import dev.sluice.worker.text.Durations;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.TypeConversionException;

/**
 * Converts texts to values, by type. The command line, the environment and the configuration file all use these
 * converters, so that they understand the same forms and report errors in the same words. Picocli's own converters
 * would serve the command line only, and their messages name Java classes.
 */
public final class Converters {
    private static final Map<Class<?>, Function<String, ?>> BY_TYPE = Map.ofEntries(
            Map.entry(int.class, Converters::wholeNumber),
            Map.entry(Integer.class, Converters::wholeNumber),
            Map.entry(Double.class, Converters::number),
            Map.entry(boolean.class, Converters::yesOrNo),
            Map.entry(ByteSize.class, text -> new ByteSize(Sizes.parse(text))),
            Map.entry(Duration.class, Durations::parse),
            Map.entry(Instant.class, text -> Instants.parse(text, Instant.now())),
            Map.entry(FutureMoment.class, text -> new FutureMoment(Instants.parseAhead(text, Instant.now()))),
            Map.entry(ModelLimit.class, ModelLimit::parse),
            Map.entry(Logging.Level.class, Logging.Level::parse),
            Map.entry(Logging.Format.class, Logging.Format::parse),
            Map.entry(TenantWeight.class, TenantWeight::parse),
            Map.entry(Path.class, Converters::path),
            Map.entry(Pattern.class, Converters::pattern),
            Map.entry(URI.class, Converters::uri));

    private Converters() {}

    /** A size in bytes. It has a type of its own, so that it has a converter of its own. */
    public record ByteSize(long bytes) {}

    /** A moment whose short form is a duration from now, whereas that of an {@link Instant} is one ago. */
    public record FutureMoment(Instant instant) {}

    /** Registers all converters with a command line and its subcommands. */
    public static void register(CommandLine commandLine) {
        BY_TYPE.forEach((type, read) -> registerOne(commandLine, type, read));
    }

    private static <T> void registerOne(CommandLine commandLine, Class<T> type, Function<String, ?> read) {
        // A converter of int.class returns an Integer, which Class.cast would reject.
        @SuppressWarnings("unchecked")
        ITypeConverter<T> converter = text -> {
            try {
                return (T) read.apply(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        };
        commandLine.registerConverter(type, converter);
    }

    /** Returns the problem with {@code text} as a value of the option, or as one element of a repeatable option. */
    static Optional<String> problem(ArgSpec option, String text) {
        try {
            Object unused = valueOf(option, text);
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /**
     * Reads one value.
     *
     * @throws IllegalArgumentException if the text is no such value. The message names the accepted forms.
     */
    static Object valueOf(ArgSpec option, String text) {
        Function<String, ?> read = BY_TYPE.get(option.auxiliaryTypes()[0]);
        return read == null ? text : read.apply(text);
    }

    private static int wholeNumber(String text) {
        try {
            return Integer.parseInt(text.strip());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is no whole number", e);
        }
    }

    private static double number(String text) {
        try {
            return Double.parseDouble(text.strip());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is no number", e);
        }
    }

    private static boolean yesOrNo(String text) {
        return switch (text.strip()) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException("'" + text + "' is neither true nor false");
        };
    }

    private static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("'" + text + "' is no path: " + e.getReason(), e);
        }
    }

    private static Pattern pattern(String text) {
        try {
            return Pattern.compile(text);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException("'" + text + "' is no regular expression: " + e.getDescription(), e);
        }
    }

    private static URI uri(String text) {
        try {
            return new URI(text.strip().replaceAll("/+$", ""));
        } catch (URISyntaxException e) {
            // The text is not shown, since there may be a key or a password in it.
            throw new IllegalArgumentException("no URL: " + e.getReason() + " at index " + e.getIndex(), e);
        }
    }
}
