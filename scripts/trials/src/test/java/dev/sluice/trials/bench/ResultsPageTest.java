package dev.sluice.trials.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultsPageTest {
    @TempDir
    private Path folder;

    @Test
    void showsEveryReportOfTheFolder() throws IOException {
        ResultsPage.add(folder.resolve("b.json"), report("bench b", 7), "<svg/>");
        ResultsPage.add(folder.resolve("a.json"), report("bench a", 3), "");

        assertThat(folder.resolve("README.md"))
                .content()
                .containsSubsequence("## a", "`bench a`", "## b", "`bench b`", "| sluice | 12 (0.90) |", "![b](b.svg)")
                .contains("- late: count 2, p50 4", "- p99: 3, at most 5\n", "- p99: 7, at most 5: **missed**")
                .doesNotContain("a.svg");
    }

    @Test
    void leadsWithWhatLasts() throws IOException {
        ResultsPage.add(folder.resolve("another.json"), report("bench another", 7), "");
        ResultsPage.add(folder.resolve("start.json"), report("bench start", 7), "");
        ResultsPage.add(folder.resolve("lasting-throughput-50ms.json"), report("bench throughput", 3), "");

        assertThat(folder.resolve("README.md"))
                .content()
                .containsSubsequence("## lasting-throughput-50ms", "## start", "## another");
    }

    @Test
    void aNewReportTakesThePlaceOfTheOldOne() throws IOException {
        Path file = folder.resolve("a.json");
        ResultsPage.add(file, report("old", 7), "<svg/>");

        ResultsPage.add(file, report("new", 3), "");

        assertThat(folder.resolve("README.md")).content().contains("`new`").doesNotContain("`old`", "a.svg");
        assertThat(folder.resolve("a.svg")).doesNotExist();
    }

    private static Map<String, Object> report(String command, long p99) {
        return Map.of(
                "command",
                command,
                "table",
                Map.of("sluice", Map.of("replies/s", "12 (0.90)")),
                "measured",
                Map.of("late", Percentiles.of(LongStream.of(4, 6)).summary()),
                "bounds",
                List.of(new MeasuredBound("p99", p99, 5)),
                "machine",
                Map.of("processors", 2));
    }
}
