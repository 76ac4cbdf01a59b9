package dev.sluice.worker.cli.options;

import dev.sluice.worker.text.CommandException;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/** Reads Java properties files, in UTF-8. */
public final class ConfigFile {
    private ConfigFile() {}

    /**
     * All keys and values.
     *
     * @throws CommandException naming {@code option} and the file where it can't be read
     */
    public static Map<String, String> read(String option, Path file) {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException unreadable) {
            throw new CommandException(option + ": cannot read " + file + ": " + reason(unreadable));
        }
        Map<String, String> values = new TreeMap<>();
        properties.stringPropertyNames().forEach(name -> values.put(name, properties.getProperty(name)));
        return values;
    }

    /** Why a file cannot be read, in words: most messages of these exceptions are only the file's name. */
    public static String reason(Exception unreadable) {
        if (unreadable instanceof NoSuchFileException) {
            return "there is no such file";
        }
        if (unreadable instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (unreadable instanceof MalformedInputException) {
            return "it is not UTF-8 text";
        }
        return String.valueOf(unreadable.getMessage());
    }
}
