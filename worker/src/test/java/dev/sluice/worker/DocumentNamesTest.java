package dev.sluice.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks that every class that the documents name exists, so that a rename does not leave them behind. */
class DocumentNamesTest {
    private static final Path ROOT = Path.of("..");

    /** A capitalised word in code font, alone, as the class of a member or as a Java file. */
    private static final Pattern NAMED =
            Pattern.compile("`(?:[^`\\s]*/)?([A-Z][a-z]\\w*)(?:\\.java|\\.[A-Z]\\w*|#\\w+)?`");

    private static final Pattern DECLARED = Pattern.compile("\\b(?:class|interface|record|enum) ([A-Z]\\w*)");

    /** Classes of Java's and Kafka's own. */
    private static final Set<String> FOREIGN =
            Set.of("CooperativeStickyAssignor", "OutOfMemoryError", "StatefulSet", "ReplyingKafkaTemplate");

    @ParameterizedTest
    @ValueSource(strings = {"worker/DESIGN.md", "CONTRIBUTING.md", "producer-sdk/README.md"})
    void everyClassThatADocumentNamesExists(String document) throws IOException {
        Set<String> declared = declared();

        Set<String> missing = NAMED.matcher(Files.readString(ROOT.resolve(document)))
                .results()
                .map(found -> found.group(1))
                .filter(name -> !declared.contains(name) && !FOREIGN.contains(name))
                .collect(Collectors.toSet());

        assertThat(missing).isEmpty();
    }

    private static Set<String> declared() throws IOException {
        try (Stream<Path> files = Files.walk(ROOT)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .flatMap(file -> DECLARED.matcher(read(file)).results().map(DocumentNamesTest::name))
                    .collect(Collectors.toSet());
        }
    }

    private static String name(MatchResult declaration) {
        return declaration.group(1);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
