package dev.sluice.gateway.files;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.files.BatchStore.NumberedState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchWatchTest {
    private static final String OWNER = "0a";

    @TempDir
    private Path root;

    private BatchStore store;
    private BatchWatch watch;
    /** It begins so that it overflows, as that of a JVM may. */
    private long nanos = Long.MAX_VALUE - Duration.ofMinutes(15).toNanos();

    @BeforeEach
    void open() throws IOException {
        store = new BatchStore(new FilesConfig(root, 100, 10_000), Clock.systemUTC(), new SecureRandom());
        watch = new BatchWatch(store, () -> nanos);
    }

    private NumberedState created() throws IOException {
        FileStore files = new FileStore(new FilesConfig(root, 100, 10_000), Clock.systemUTC(), new SecureRandom());
        try (FileDraft draft = files.begin(OWNER, TestForm.CONTENT_TYPE)) {
            draft.write(TestForm.batch(new byte[1]).end());
            String input = draft.publish().id();
            return store.create(OWNER, new BatchOrder(input, "24h", 86_400, 86_400, Optional.empty(), Map.of()));
        }
    }

    /** Takes a batch up, as the door does that runs it. */
    private NumberedState takenUp(NumberedState from) throws IOException {
        StoredBatch running = from.batch()
                .in(BatchStatus.IN_PROGRESS, Instant.now())
                .running(new BatchRun(from.number() + 1, 0, List.of(), false));
        return store.append(from, running).orElseThrow();
    }

    private void answer(NumberedState running, int completed) throws IOException {
        store.writeProgress(running, new BatchProgress(9, new BatchCounts(9, completed, 0, BatchUsage.NONE)));
    }

    /** Lets time pass and looks, as a door does every few seconds. */
    private void pass(int minutes) {
        nanos += Duration.ofMinutes(minutes).toNanos();
        watch.look();
    }

    private void assertStall(int minutes) {
        assertThat(watch.stall()).isEqualTo(Duration.ofMinutes(minutes));
    }

    @Test
    void openBatchesAreCountedByTheirState() throws Exception {
        created();
        created();
        takenUp(created());
        NumberedState ended = created();
        store.append(ended, ended.batch().in(BatchStatus.FAILED, Instant.now()));

        watch.look();

        assertThat(watch.count(BatchStatus.VALIDATING)).isEqualTo(2);
        assertThat(watch.count(BatchStatus.IN_PROGRESS)).isEqualTo(1);
        assertThat(watch.count(BatchStatus.FINALIZING)).isZero();
        assertThat(watch.count(BatchStatus.FAILED)).isZero();
    }

    @Test
    void whereNoBatchIsOpenNothingStandsStill() throws Exception {
        NumberedState batch = created();
        watch.look();
        pass(20);
        assertStall(20);

        store.append(batch, batch.batch().in(BatchStatus.FAILED, Instant.now()));
        pass(1);
        pass(20);

        assertStall(0);
    }

    @Test
    void aBatchThatNoDoorTakesUpStandsStill() throws Exception {
        watch.look();
        pass(60);
        created();
        watch.look();
        pass(20);

        assertStall(20);
    }

    @Test
    void aBatchMovesWithEachAnswerAndEachState() throws Exception {
        NumberedState running = takenUp(created());
        watch.look();

        pass(20);
        assertStall(20);
        answer(running, 1);
        pass(20);
        assertStall(0);
        pass(20);
        assertStall(20);
        takenUp(running);
        pass(20);
        assertStall(0);
    }

    @Test
    void ofSeveralTheOneCountsThatStandsLongest() throws Exception {
        NumberedState moving = takenUp(created());
        takenUp(created());
        watch.look();

        for (int answers = 1; answers <= 4; answers++) {
            answer(moving, answers);
            pass(5);
        }

        assertStall(20);
    }

    @Test
    void aBatchThatWaitsForItsTurnMovesWithTheOthers() throws Exception {
        NumberedState moving = takenUp(created());
        created();
        watch.look();

        for (int answers = 1; answers <= 4; answers++) {
            answer(moving, answers);
            pass(5);
        }
        assertStall(0);

        NumberedState end = store.append(moving, moving.batch().in(BatchStatus.FINALIZING, Instant.now()))
                .orElseThrow();
        store.append(end, end.batch().in(BatchStatus.COMPLETED, Instant.now()));
        pass(5);
        assertStall(0);
        pass(20);
        assertStall(20);
    }

    @Test
    void whereTheDirectoryIsAwayBatchesStandStill() throws Exception {
        created();
        watch.look();
        assertThat(watch.isReadable()).isTrue();

        Files.move(root.resolve("sluice-files"), root.resolve("away"));
        pass(20);

        assertThat(watch.isReadable()).isFalse();
        assertThat(watch.count(BatchStatus.VALIDATING)).isEqualTo(1);
        assertStall(20);
        Files.move(root.resolve("away"), root.resolve("sluice-files"));
        pass(1);
        assertThat(watch.isReadable()).isTrue();
        assertStall(21);
    }
}
