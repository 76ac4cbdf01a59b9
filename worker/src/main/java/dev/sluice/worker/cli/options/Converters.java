package dev.sluice.worker.cli.options;

import dev.sluice.worker.cli.command.Logging;
import dev.sluice.worker.text.Durations;
import java.net.URI;
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
 * How a text becomes a value, by type: one place for the command line, the environment and the file, so that all three
 * understand the same forms and complain in the same words.
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
            Map.entry(ModelLimit.class, ModelLimit::parse),
            Map.entry(Logging.Level.class, Logging.Level::parse),
            Map.entry(Logging.Format.class, Logging.Format::parse),
            Map.entry(Path.class, Converters::path),
            Map.entry(Pattern.class, Converters::pattern),
            Map.entry(URI.class, Converters::uri));

    private Converters() {}

    /** A size in bytes; a type of its own, so that it is read as one. */
    public record ByteSize(long bytes) {}

    public static void register(CommandLine commandLine) {
        BY_TYPE.forEach((type, read) -> registerOne(commandLine, type, read));
    }

    private static <T> void registerOne(CommandLine commandLine, Class<T> type, Function<String, ?> read) {
        // picocli boxes: a converter of a primitive type returns the boxed one, which Class.cast would refuse
        @SuppressWarnings("unchecked")
        ITypeConverter<T> converter = text -> {
            try {
                return (T) read.apply(text);
            } catch (IllegalArgumentException wrong) {
                throw new TypeConversionException(wrong.getMessage());
            }
        };
        commandLine.registerConverter(type, converter);
    }

    /** What is wrong with {@code text} as a value (one element, for a repeatable option) of {@code option}, if anything. */
    static Optional<String> problem(ArgSpec option, String text) {
        try {
            Object unused = valueOf(option, text);
            return Optional.empty();
        } catch (IllegalArgumentException wrong) {
            return Optional.of(String.valueOf(wrong.getMessage()));
        }
    }

    /**
     * Reads one value.
     *
     * @throws IllegalArgumentException with the text and the forms that are understood
     */
    static Object valueOf(ArgSpec option, String text) {
        Function<String, ?> read = BY_TYPE.get(option.auxiliaryTypes()[0]);
        return read == null ? text : read.apply(text);
    }

    private static int wholeNumber(String text) {
        try {
            return Integer.parseInt(text.strip());
        } catch (NumberFormatException notANumber) {
            throw new IllegalArgumentException("'" + text + "' is no whole number", notANumber);
        }
    }

    private static double number(String text) {
        try {
            return Double.parseDouble(text.strip());
        } catch (NumberFormatException notANumber) {
            throw new IllegalArgumentException("'" + text + "' is no number", notANumber);
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
        } catch (InvalidPathException wrong) {
            throw new IllegalArgumentException("'" + text + "' is no path: " + wrong.getReason(), wrong);
        }
    }

    private static Pattern pattern(String text) {
        try {
            return Pattern.compile(text);
        } catch (PatternSyntaxException wrong) {
            throw new IllegalArgumentException(
                    "'" + text + "' is no regular expression: " + wrong.getDescription(), wrong);
        }
    }

    private static URI uri(String text) {
        try {
            return URI.create(text.strip().replaceAll("/+$", ""));
        } catch (IllegalArgumentException wrong) {
            throw new IllegalArgumentException("'" + text + "' is no URL", wrong);
        }
    }
}
