package dev.sluice.trials.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.trials.chaos.DoorTry.TryEnd;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Runs small trials of HTTP doors in every build. {@code scripts/chaos} has the large ones. */
@Execution(ExecutionMode.CONCURRENT)
class DoorIT {
    private static final Path JAR = Path.of("..", "..", "worker", "target", "sluice.jar");
    /** The jar of the last release. Without one the doors before and after a restart are of the same. */
    private static final Path EARLIER = Path.of(System.getProperty("sluice.earlier.jar", JAR.toString()));

    private static final List<Path> RELEASES = List.of(EARLIER.toAbsolutePath(), JAR.toAbsolutePath());
    private static final long SEED = 7;
    private static final int REQUESTS = 200;
    private static final int STRIKES = 4;
    private static final long SPACING_MILLIS = 2_500;
    private static final Duration STREAM = Duration.ofSeconds(1);
    private static final int LINES = 8_000;
    private static final int LINES_PER_SECOND = 1_000;
    /** Longer than it takes until another door has taken over. */
    private static final long STOP_MILLIS = 20_000;

    private final ProgressLines progress =
            new ProgressLines(new PrintWriter(System.out, true, Charset.defaultCharset()));

    @Test
    void whateverIsSentAndWhoeverDiesEveryClientHasItsAnswer() throws Exception {
        Path folder = Files.createTempDirectory(Files.createDirectories(Path.of("target", "chaos")), "door-");
        int perSecond = DoorPlan.perSecond(REQUESTS, STRIKES, SPACING_MILLIS);
        try (DoorRig rig = new DoorRig(RELEASES, folder.toAbsolutePath(), SEED, perSecond, STREAM, progress::say)) {
            DoorFuzz fuzz = new DoorFuzz(rig.doors().get(0), rig.files(), SEED);
            assertThat(fuzz.run(Duration.ofSeconds(5))).as("see %s", folder).isEmpty();
            assertThat(fuzz.counts()).containsKeys("200", "400", "404", "no answer");

            DoorPlan plan = DoorPlan.of(SEED, REQUESTS, DoorPlan.STREAMING, STRIKES, SPACING_MILLIS);
            DoorHistory history = new DoorRun(rig, plan, progress::say).run();

            assertThat(DoorCheck.of(history)).as("see %s", folder).isEmpty();
            assertThat(history.tries()).hasSize(REQUESTS);
            assertThat(history.tries().values().stream().flatMap(List::stream).map(DoorTry::end))
                    .contains(TryEnd.CUT, TryEnd.LEFT);
        }
    }

    @Test
    void whoeverDiesOrStopsEachLineOfABatchHasItsAnswerOnce() throws Exception {
        Path folder = Files.createTempDirectory(Files.createDirectories(Path.of("target", "chaos")), "batch-")
                .toAbsolutePath();
        BatchTrial.Plan plan = new BatchTrial.Plan(SEED, LINES, 3, 1, 0, STOP_MILLIS);
        try (DoorRig rig = new DoorRig(RELEASES, folder, SEED, LINES_PER_SECOND, STREAM, progress::say)) {
            BatchTrial trial = new BatchTrial(rig, plan, folder, progress::say);

            BatchTrial.Outcome outcome = trial.run(trial.write());

            assertThat(BatchCheck.of(outcome, LINES)).as("see %s", folder).isEmpty();
            assertThat(rig.doors().stream().flatMap(door -> door.crashed().stream()))
                    .isEmpty();
        }
    }
}
