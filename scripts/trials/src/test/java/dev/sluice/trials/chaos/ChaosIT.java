package dev.sluice.trials.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.trials.chaos.check.CheckBounds;
import dev.sluice.trials.chaos.check.HistoryCheck;
import dev.sluice.trials.chaos.check.Violation;
import dev.sluice.trials.chaos.history.ObservedEnding;
import dev.sluice.trials.chaos.history.RunHistory;
import dev.sluice.trials.chaos.plan.ChaosPlan;
import dev.sluice.trials.chaos.plan.FaultKind;
import dev.sluice.trials.chaos.plan.RequestKind;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Runs a small trial in every build. {@code scripts/chaos} runs the large one. */
@Execution(ExecutionMode.CONCURRENT)
class ChaosIT {
    private static final Path JAR = Path.of("..", "..", "worker", "target", "sluice.jar");
    /** The jar of the last release. Without one the workers before and after a restart are of the same. */
    private static final Path EARLIER = Path.of(System.getProperty("sluice.earlier.jar", JAR.toString()));

    private static final long SEED = 11;
    private static final List<FaultKind> KINDS = List.of(
            FaultKind.KILL_WORKER,
            FaultKind.KILL_IN_COMMIT,
            FaultKind.KILL_BROKER,
            FaultKind.API_OVERLOADED,
            FaultKind.SCALE_UP,
            FaultKind.EDGE_ANSWERS,
            FaultKind.EDGE_GIVES_UP,
            FaultKind.BROWN_OUT,
            FaultKind.CONNECTIONS_CUT,
            FaultKind.ANSWERS_ZIPPED);

    @Test
    void whateverFailsEveryRequestEndsOnceAndAsItMust() throws Exception {
        ChaosPlan plan = ChaosPlan.of(SEED, 600, 2, KINDS.size(), 2_500, KINDS);
        PrintWriter out = new PrintWriter(System.out, true, Charset.defaultCharset());
        Path folder = Files.createTempDirectory(Files.createDirectories(Path.of("target", "chaos")), "it-");

        RunHistory history;
        try (ChaosRun run = new ChaosRun(plan, 1, folder.toAbsolutePath(), out)) {
            history = run.run(List.of(EARLIER.toAbsolutePath(), JAR.toAbsolutePath()));
        }

        List<Violation> violations = HistoryCheck.all(history, CheckBounds.DEFAULT);
        HistoryFiles.write(folder, history, violations);
        new ChaosReport(history, violations, CheckBounds.DEFAULT, out).print();
        assertThat(violations).as("see %s", folder).isEmpty();
        assertThat(history.moved()).isNotEmpty();
        assertThat(history.plainRecords()).isNotEmpty();
        assertThat(history.endings()).anyMatch(ObservedEnding::isCancelled);
        assertThat(history.faults()).hasSize(KINDS.size());
        assertThat(history.published())
                .extracting(published -> published.request().kind())
                .containsAll(EnumSet.allOf(RequestKind.class));
    }
}
