package dev.sluice.trials.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Writes the page that shows every report in a folder. It is written anew whenever a report is added. */
final class ResultsPage {
    private static final String HEAD = """
            # What was measured

            `scripts/bench` writes this page. Each part names its command.

            Ratios in parentheses are to the best floor of the same run. The floor (`FloorProgram.java`) is a program
            that consumes, calls and produces, and promises nothing. `floor` has the defaults of the JVM, and `floor-c1`
            has the options of a worker's JVM. `at-least-once` and `transactional` are `floor-c1` with the usual way to
            a guarantee: poll, call all, wait for all, commit.

            Figures are medians of the runs, and dots in the plots are single runs. Broker, stand-in, load, reader and
            the measured program share the machine.
            """;

    private ResultsPage() {}

    /**
     * Adds a report or replaces an earlier one.
     *
     * @param file the file of the report, in the folder of the page
     * @param plot the plot as SVG; empty if there is none
     */
    static void add(Path file, Map<String, Object> report, String plot) throws IOException {
        Path folder = Files.createDirectories(file.toAbsolutePath().getParent());
        Files.writeString(
                file,
                JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(report)
                        + System.lineSeparator());
        Path drawn = plotOf(file);
        if (plot.isEmpty()) {
            Files.deleteIfExists(drawn);
        } else {
            Files.writeString(drawn, plot);
        }
        Files.writeString(folder.resolve("README.md"), page(folder));
    }

    private static Path plotOf(Path file) {
        return file.resolveSibling(name(file) + ".svg");
    }

    private static String page(Path folder) throws IOException {
        StringBuilder page = new StringBuilder(HEAD);
        List<Path> files;
        try (Stream<Path> all = Files.list(folder)) {
            files = all.filter(file -> file.toString().endsWith(".json"))
                    .sorted(Comparator.comparingInt(ResultsPage::place).thenComparing(Comparator.naturalOrder()))
                    .toList();
        }
        for (Path file : files) {
            part(file, page);
        }
        return page.toString();
    }

    /** Returns the place of a report among those that {@link AllScenarios} makes. All others come last. */
    private static int place(Path file) {
        int place = AllScenarios.names().indexOf(name(file));
        return place < 0 ? Integer.MAX_VALUE : place;
    }

    private static String name(Path file) {
        return file.getFileName().toString().replaceFirst("\\.json$", "");
    }

    private static void part(Path file, StringBuilder page) throws IOException {
        JsonNode report = JsonMapper.shared().readTree(Files.readString(file));
        String name = name(file);
        String command = report.path("command").stringValue("");
        page.append("\n## " + name + "\n\n`" + command + "`\n");
        rows(report.path("table"), page);
        if (Files.exists(plotOf(file))) {
            page.append("\n![" + name + "](" + name + ".svg)\n");
        }
        List<String> measured = new ArrayList<>();
        report.path("measured").forEachEntry((what, value) -> measured.add(what + ": " + words(value)));
        list("", measured, page);
        List<String> bounds =
                report.path("bounds").valueStream().map(ResultsPage::bound).toList();
        list("Bounds:\n\n", bounds, page);
        page.append("\n" + machine(report.path("machine")) + ".\n");
    }

    private static void list(String head, List<String> items, StringBuilder page) {
        if (!items.isEmpty()) {
            page.append("\n" + head);
            items.forEach(item -> page.append("- " + item + "\n"));
        }
    }

    private static String machine(JsonNode machine) {
        return String.join(
                ", ",
                machine.path("at").stringValue(""),
                machine.path("processors").asString() + " × "
                        + machine.path("cpu").stringValue(""),
                machine.path("memory").stringValue(""),
                machine.path("jdk").stringValue(""),
                "Kafka " + machine.path("kafka").stringValue(""),
                "load before " + machine.path("load before").stringValue(""));
    }

    private static String bound(JsonNode bound) {
        long measured = bound.path("measured").longValue();
        long limit = bound.path("limit").longValue();
        return bound.path("what").stringValue("") + ": " + measured + ", at most " + limit
                + (measured <= limit ? "" : ": **missed**");
    }

    private static String words(JsonNode value) {
        if (!value.isObject()) {
            return value.asString();
        }
        List<String> words = new ArrayList<>();
        value.forEachEntry((name, inner) -> words.add(name + " " + inner.asString()));
        return String.join(", ", words);
    }

    private static void rows(JsonNode table, StringBuilder page) {
        if (table.isEmpty()) {
            return;
        }
        Map<String, String> columns = new LinkedHashMap<>();
        table.values().iterator().next().forEachEntry((name, cell) -> columns.put(name, "---"));
        page.append("\n| | ")
                .append(String.join(" | ", columns.keySet()))
                .append(" |\n|---|")
                .append("---|".repeat(columns.size()))
                .append('\n');
        table.forEachEntry((name, cells) -> {
            page.append("| ").append(name);
            cells.values().forEach(cell -> page.append(" | ").append(cell.asString()));
            page.append(" |\n");
        });
    }
}
