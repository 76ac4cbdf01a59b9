package dev.sluice.trials.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the file that a JVM writes with {@code -Xlog:gc}. */
final class GcLog {
    private static final Pattern PAUSE = Pattern.compile("\\d+M->(\\d+)M\\(\\d+M\\)");

    private GcLog() {}

    /** Returns the largest heap after a collection in MiB, or 0 before the first collection. */
    static long peakMib(Path file) throws IOException {
        return peakMib(Files.readAllLines(file));
    }

    static long peakMib(List<String> lines) {
        return lines.stream()
                .map(PAUSE::matcher)
                .filter(Matcher::find)
                .mapToLong(pause -> Long.parseLong(pause.group(1)))
                .max()
                .orElse(0);
    }
}
