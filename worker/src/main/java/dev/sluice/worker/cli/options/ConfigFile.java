package dev.sluice.worker.cli.options;

import dev.sluice.worker.text.CommandException;
import java.io.BufferedReader;
import java.io.IOException;
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
    private static final int BYTE_ORDER_MARK = 0xfeff;

    private ConfigFile() {}

    /**
     * Returns all keys and values.
     *
     * @throws CommandException if the file cannot be read. The message names {@code option} and the file.
     */
    public static Map<String, String> read(String option, Path file) {
        Properties properties = new Properties();
        try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            skipByteOrderMark(reader);
            properties.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            throw new CommandException(option + ": cannot read " + file + ": " + reason(e));
        }
        Map<String, String> values = new TreeMap<>();
        properties.stringPropertyNames().forEach(name -> values.put(name, properties.getProperty(name)));
        return values;
    }

    /** Skips the mark that some editors write, which would become part of the first key. */
    private static void skipByteOrderMark(BufferedReader reader) throws IOException {
        reader.mark(1);
        if (reader.read() != BYTE_ORDER_MARK) {
            reader.reset();
        }
    }

    /** Describes why a file cannot be read. The messages of most of these exceptions are only the name of the file. */
    public static String reason(Exception failure) {
        if (failure instanceof NoSuchFileException) {
            return "there is no such file";
        }
        if (failure instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (failure instanceof MalformedInputException) {
            return "it is not UTF-8 text";
        }
        String message = String.valueOf(failure.getMessage());
        return message.equals("Is a directory") ? "it is a folder" : message;
    }
}
