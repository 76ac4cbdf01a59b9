package dev.sluice.gateway.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.files.BatchStore.NumberedState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BatchStoreTest {
    private static final String OWNER = "0a";
    private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");
    private static final long DAY = 86_400;

    @TempDir
    private Path root;

    private BatchStore store;

    @BeforeEach
    void open() throws IOException {
        store = reopened();
    }

    private BatchStore reopened() throws IOException {
        return new BatchStore(new FilesConfig(root, 1, 1), Clock.fixed(NOW, ZoneOffset.UTC), new SecureRandom());
    }

    private NumberedState created() throws IOException {
        return store.create(OWNER, "file-1", Map.of("job", "nightly"), DAY);
    }

    private NumberedState next(NumberedState from, BatchStatus status) throws IOException {
        return store.append(from, from.batch().in(status, NOW.plusSeconds(5))).orElseThrow();
    }

    @Test
    void aStateIsReadAsItWasWritten() throws Exception {
        NumberedState last = next(created(), BatchStatus.IN_PROGRESS);
        StoredBatch finalizing = last.batch()
                .in(BatchStatus.FINALIZING, NOW.plusSeconds(9))
                .counting(new BatchCounts(3, 2, 1))
                .after(List.of(new BatchSegment("1", 77)))
                .with(Optional.of("file-2"), Optional.empty())
                .failingWith(List.of(new BatchError("invalid_json_line", "is no JSON", 70_000)));

        NumberedState written = store.append(last, finalizing).orElseThrow();

        assertThat(reopened().find(OWNER, finalizing.id())).contains(written);
        assertThat(written.number()).isEqualTo(3);
        assertThat(BatchJson.api(written.batch()))
                .hasToString("{\"id\":\"" + finalizing.id() + "\",\"object\":\"batch\","
                        + "\"endpoint\":\"/v1/chat/completions\",\"errors\":{\"object\":\"list\",\"data\":[{"
                        + "\"code\":\"invalid_json_line\",\"message\":\"is no JSON\",\"param\":null,\"line\":70000}]},"
                        + "\"input_file_id\":\"file-1\",\"completion_window\":\"24h\",\"status\":\"finalizing\","
                        + "\"output_file_id\":\"file-2\",\"error_file_id\":null,\"expires_at\":1796126400,"
                        + "\"created_at\":1796040000,\"in_progress_at\":1796040005,\"cancelling_at\":null,"
                        + "\"finalizing_at\":1796040009,\"completed_at\":null,\"failed_at\":null,"
                        + "\"expired_at\":null,\"cancelled_at\":null,"
                        + "\"request_counts\":{\"total\":3,\"completed\":2,\"failed\":1},"
                        + "\"metadata\":{\"job\":\"nightly\"}}");
    }

    @Test
    void aStateGoesForwardOnly() throws Exception {
        NumberedState running = next(created(), BatchStatus.IN_PROGRESS);
        NumberedState taken = next(running, BatchStatus.IN_PROGRESS);

        assertThatThrownBy(() -> taken.batch().in(BatchStatus.VALIDATING, NOW)).hasMessageContaining("cannot be");
        assertThatThrownBy(() -> taken.batch().in(BatchStatus.COMPLETED, NOW)).hasMessageContaining("cannot be");
        assertThat(taken.batch().since().get(BatchStatus.IN_PROGRESS))
                .isEqualTo(running.batch().since().get(BatchStatus.IN_PROGRESS));
    }

    @ParameterizedTest
    @EnumSource
    void whatHasEndedStaysSo(BatchStatus status) {
        boolean leadsOn = Set.of(BatchStatus.values()).stream().anyMatch(status::leadsTo);

        assertThat(status.isEnd()).isEqualTo(!leadsOn);
        assertThat(status.leadsTo(BatchStatus.VALIDATING)).isEqualTo(status == BatchStatus.VALIDATING);
        assertThat(BatchStatus.ofWord(status.word())).isEqualTo(status);
    }

    /** A door that was stopped goes on with what it had read before. */
    @Test
    void whoComesBackWritesNothingMore() throws Exception {
        NumberedState read = next(created(), BatchStatus.IN_PROGRESS);
        NumberedState taken = next(read, BatchStatus.IN_PROGRESS);

        Optional<NumberedState> late = store.append(read, read.batch().in(BatchStatus.FINALIZING, NOW));

        assertThat(late).isEmpty();
        assertThat(store.find(OWNER, read.batch().id())).contains(taken);
        assertThat(root.resolve("uploads")).isEmptyDirectory();
    }

    @Test
    @Timeout(60)
    void ofManyThatGoOnFromOneStateOneWins() throws Exception {
        int rounds = 20;
        int doors = 8;
        NumberedState state = created();
        ExecutorService threads = Executors.newFixedThreadPool(doors);
        CyclicBarrier together = new CyclicBarrier(doors);
        try {
            for (int round = 0; round < rounds; round++) {
                List<Future<Optional<NumberedState>>> tries = new ArrayList<>();
                for (int door = 0; door < doors; door++) {
                    BatchStore own = reopened();
                    NumberedState from = state;
                    StoredBatch mine = from.batch()
                            .counting(new BatchCounts(round, door, 0))
                            .in(BatchStatus.VALIDATING, NOW);
                    tries.add(threads.submit(() -> {
                        together.await();
                        return own.append(from, mine);
                    }));
                }
                List<NumberedState> won = new ArrayList<>();
                for (Future<Optional<NumberedState>> each : tries) {
                    each.get().ifPresent(won::add);
                }
                assertThat(won).hasSize(1);
                assertThat(store.find(OWNER, state.batch().id())).contains(won.get(0));
                state = won.get(0);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(state.number()).isEqualTo(rounds + 1);
        assertThat(root.resolve("uploads")).isEmptyDirectory();
    }

    @Test
    void anyDoorFindsWhatIsOpen() throws Exception {
        NumberedState first = created();
        NumberedState second = store.create("0b", "file-2", Map.of(), DAY);
        NumberedState failed = next(created(), BatchStatus.FAILED);

        assertThat(ids(reopened()))
                .containsExactlyInAnyOrder(first.batch().id(), second.batch().id())
                .doesNotContain(failed.batch().id());
        Path marker = root.resolve("open").resolve(OWNER + "." + failed.batch().id());
        Files.createFile(marker); // its door has died before it could take it away
        assertThat(ids(reopened())).hasSize(2);
        assertThat(marker).doesNotExist();
        Files.createFile(root.resolve("open").resolve(OWNER + ".batch_" + "0".repeat(36))); // or before it was created
        assertThat(ids(reopened())).hasSize(2);
    }

    private static Set<String> ids(BatchStore store) throws IOException {
        return store.open().stream().map(BatchStore.OpenBatch::id).collect(Collectors.toSet());
    }

    @Test
    void aBatchIsThereForItsOwnerAlone() throws Exception {
        String id = created().batch().id();

        assertThat(id).matches("batch_[0-9a-f]{36}");
        assertThat(store.ids(OWNER)).containsExactly(id);
        assertThat(store.ids("0b")).isEmpty();
        assertThat(store.find("0b", id)).isEmpty();
        assertThat(store.find(OWNER, "../" + OWNER + "/" + id)).isEmpty();
        assertThat(store.find(OWNER, "batch_1")).isEmpty();
    }

    @Test
    void batchesAreNoFiles() throws Exception {
        created();
        FileStore files =
                new FileStore(new FilesConfig(root, 10, 10), Clock.fixed(NOW, ZoneOffset.UTC), new SecureRandom());

        assertThat(files.list(OWNER, new FilePage.Query("", 10, false, "")).files())
                .isEmpty();
        files.deleteExpired();
        files.deleteLeftovers();
        assertThat(store.open()).hasSize(1);
    }

    @Test
    void aVolumeThatWentAwayHasNotLostItsBatches() throws Exception {
        String id = created().batch().id();
        Files.delete(root.resolve("sluice-files"));
        Files.move(root.resolve("owners"), root.resolve("away"));

        assertThatThrownBy(() -> store.find(OWNER, id)).isInstanceOf(FilesAwayException.class);
        assertThatThrownBy(() -> store.ids(OWNER)).isInstanceOf(FilesAwayException.class);
        assertThatThrownBy(() -> store.open()).isInstanceOf(FilesAwayException.class);
        assertThatThrownBy(this::created).isInstanceOf(FilesAwayException.class);
    }
}
