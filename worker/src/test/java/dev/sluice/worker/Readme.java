package dev.sluice.worker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Reads the examples in the SDK's README, so that the tests run what it shows. Maven runs tests in the module's
 * directory.
 */
final class Readme {
    private static final Pattern TAGGED = Pattern.compile("(?ms)^ *// tag\\n(.*?)^ *// end$");

    private Readme() {}

    /**
     * Returns the blocks of code under a heading, in their order.
     *
     * @param heading with its {@code #}s; the section ends at the next heading of level two or three
     * @param info the exact text behind the opening fence
     */
    static List<String> blocks(String heading, String info) {
        String section = only(
                Pattern.compile("(?ms)^" + Pattern.quote(heading) + "$(.*?)(?=^###? |\\z)"),
                read(Path.of("../producer-sdk/README.md")));
        return all(Pattern.compile("(?ms)^```" + Pattern.quote(info) + "\\n(.*?)^```$"), section);
    }

    /**
     * Returns the text between {@code // tag} and {@code // end} in a class of this package, without its indentation.
     */
    static List<String> tagged(String className) {
        return all(TAGGED, read(Path.of("src/test/java/dev/sluice/worker", className + ".java")));
    }

    private static String only(Pattern pattern, String text) {
        List<String> found = all(pattern, text);
        if (found.size() != 1) {
            throw new AssertionError(found.size() + " places in the README match " + pattern);
        }
        return found.get(0);
    }

    /** Leaves out the last line break, which would count as a line without indentation. */
    private static List<String> all(Pattern pattern, String text) {
        return pattern.matcher(text)
                .results()
                .map(found -> found.group(1).stripTrailing().stripIndent())
                .toList();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
