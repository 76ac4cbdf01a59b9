package dev.sluice.trials.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks that every patch fits the sources. Without it a defect could not be tried any more. */
class DefectsTest {
    private static final Path ROOT = Path.of("..", "..");

    @ParameterizedTest
    @MethodSource
    void fitsTheSources(Path patch) throws IOException {
        List<Hunk> hunks = hunks(Files.readAllLines(patch));

        assertThat(hunks).isNotEmpty();
        for (Hunk hunk : hunks) {
            assertThat(ROOT.resolve(hunk.file())).content().contains(hunk.before());
        }
    }

    static Stream<Path> fitsTheSources() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("defects"))) {
            return files.filter(file -> file.toString().endsWith(".patch")).toList().stream();
        }
    }

    /** The lines that a hunk expects to find. */
    private record Hunk(String file, String before) {}

    private static List<Hunk> hunks(List<String> lines) {
        List<Hunk> hunks = new ArrayList<>();
        String file = "";
        StringBuilder before = new StringBuilder();
        for (String line : lines) {
            boolean header = line.startsWith("diff ") || line.startsWith("@@ ");
            if (header && !before.isEmpty()) {
                hunks.add(new Hunk(file, before.toString()));
                before.setLength(0);
            }
            if (line.startsWith("--- a/")) {
                file = line.substring("--- a/".length());
            } else if (!file.isEmpty() && !header && (line.startsWith(" ") || line.startsWith("-"))) {
                before.append(line.substring(1)).append('\n');
            }
        }
        hunks.add(new Hunk(file, before.toString()));
        return hunks;
    }
}
