package dev.sluice.trials.chaos;

import dev.sluice.trials.chaos.check.Violation;
import dev.sluice.trials.chaos.history.RunHistory;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/** Writes a history for debugging: a file of JSON lines for each kind of fact. */
final class HistoryFiles {
    private static final JsonMapper JSON = JsonMapper.shared();

    private HistoryFiles() {}

    static void write(Path folder, RunHistory history, List<Violation> violations) throws IOException {
        lines(folder.resolve("published.jsonl"), history.published());
        lines(folder.resolve("calls.jsonl"), history.calls());
        lines(folder.resolve("endings.jsonl"), history.endings());
        lines(folder.resolve("faults.jsonl"), history.faults());
        lines(folder.resolve("workers.jsonl"), history.lives());
        lines(folder.resolve("obstacles.jsonl"), history.obstacles());
        lines(folder.resolve("lag.jsonl"), history.lag().entrySet().stream().toList());
        lines(folder.resolve("moved.jsonl"), history.moved().entrySet().stream().toList());
        lines(folder.resolve("marks.jsonl"), history.marks());
        lines(folder.resolve("plain.jsonl"), history.plainRecords());
        lines(folder.resolve("violations.jsonl"), violations);
    }

    private static void lines(Path file, List<?> facts) throws IOException {
        try (Writer writer = Files.newBufferedWriter(file)) {
            for (Object fact : facts) {
                writer.write(JSON.writeValueAsString(fact));
                writer.write('\n');
            }
        }
    }
}
