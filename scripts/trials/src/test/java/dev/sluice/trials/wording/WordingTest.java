package dev.sluice.trials.wording;

import static java.util.stream.Collectors.collectingAndThen;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Holds the Javadoc, the line length and the class names of all modules to the rules in CONTRIBUTING. */
class WordingTest {
    private static final Path ROOT = Path.of("..", "..");

    @Test
    void javadocsBeginWithASentenceAndStaySimple() throws IOException {
        JavadocWording wording = JavadocWording.of(ROOT);
        System.out.println(wording);

        assertThat(wording.javadocs()).isGreaterThan(1_000);
        assertThat(wording.fragments())
                .as("Javadocs without a subject and a verb")
                .isEmpty();
        assertThat(wording.separatorsPerSentence())
                .as("commas, semicolons and colons per sentence")
                .isLessThan(0.5);
        assertThat(wording.longLines()).as("lines over 120 columns").isEmpty();
    }

    @Test
    void noTwoClassesShareAName() throws IOException {
        Map<String, List<Path>> shared = JavadocWording.sources(ROOT).stream()
                .filter(file -> !file.endsWith("package-info.java"))
                .collect(groupingBy(file -> file.getFileName().toString(), collectingAndThen(toList(), List::copyOf)))
                .entrySet()
                .stream()
                .filter(named -> named.getValue().size() > 1)
                .collect(toMap(Map.Entry::getKey, Map.Entry::getValue));

        assertThat(shared).isEmpty();
    }

    @Test
    void findsWhatItLooksFor(@TempDir Path folder) throws IOException {
        String longLine = "    // " + "x".repeat(120);
        Files.writeString(folder.resolve("Sample.java"), """
                /** Whether it is so, and: how; why. */
                class Sample {
                    /** If the lane is held, returns its reason. */
                    String held;
                    /** Of the limit. @see Lane */
                    String limit = "/** What a string says is no Javadoc. */";
                """ + longLine + "\n}\n");

        JavadocWording wording = JavadocWording.of(folder);

        assertThat(wording.javadocs()).isEqualTo(3);
        assertThat(wording.fragments()).hasSize(2).allMatch(found -> found.contains("Sample.java:"));
        assertThat(wording.separators()).isEqualTo(4);
        assertThat(wording.longLines()).singleElement().asString().contains("Sample.java:7");
    }
}
