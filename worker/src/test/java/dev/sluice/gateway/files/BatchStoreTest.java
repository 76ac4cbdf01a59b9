package dev.sluice.gateway.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.files.BatchStore.NumberedState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
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
        return new BatchStore(config(), Clock.fixed(NOW, ZoneOffset.UTC), new SecureRandom());
    }

    private FilesConfig config() {
        return new FilesConfig(root, 100, 10_000);
    }

    private NumberedState created() throws IOException {
        return created(OWNER);
    }

    private NumberedState created(String owner) throws IOException {
        return store.create(owner, order(owner));
    }

    private BatchOrder order(String owner) throws IOException {
        return new BatchOrder(file(owner), "24h", DAY, DAY, Optional.of("tenant-a"), Map.of("job", "nightly"));
    }

    private String file(String owner) throws IOException {
        FileStore files = new FileStore(config(), Clock.fixed(NOW, ZoneOffset.UTC), new SecureRandom());
        try (FileDraft draft = files.begin(owner, TestForm.CONTENT_TYPE)) {
            draft.write(TestForm.batch(new byte[1]).end());
            return draft.publish().id();
        }
    }

    private NumberedState next(NumberedState from, BatchStatus status) throws IOException {
        return store.append(from, from.batch().in(status, NOW.plusSeconds(5))).orElseThrow();
    }

    @Test
    void aStateIsReadAsItWasWritten() throws Exception {
        NumberedState last = next(created(), BatchStatus.IN_PROGRESS);
        StoredBatch finalizing = last.batch()
                .in(BatchStatus.FINALIZING, NOW.plusSeconds(9))
                .of(Optional.of("m"))
                .counting(new BatchCounts(3, 2, 1, new BatchUsage(50, 20, 9, 4, 59)))
                .running(new BatchRun(2, 9, List.of(new BatchSegment("1", 77)), true))
                .with(Optional.of("file-2"), Optional.empty())
                .failingWith(List.of(new BatchError("invalid_json_line", "is no JSON", 70_000)));

        NumberedState written = store.append(last, finalizing).orElseThrow();

        assertThat(reopened().find(OWNER, finalizing.id())).contains(written);
        assertThat(written.number()).isEqualTo(3);
        assertThat(BatchJson.api(written.batch()))
                .hasToString("{\"id\":\"" + finalizing.id() + "\",\"object\":\"batch\","
                        + "\"endpoint\":\"/v1/chat/completions\",\"model\":\"m\","
                        + "\"errors\":{\"object\":\"list\",\"data\":[{"
                        + "\"code\":\"invalid_json_line\",\"message\":\"is no JSON\",\"param\":null,\"line\":70000}]},"
                        + "\"input_file_id\":\"" + finalizing.order().inputFileId()
                        + "\",\"completion_window\":\"24h\",\"status\":\"finalizing\","
                        + "\"output_file_id\":\"file-2\",\"error_file_id\":null,\"expires_at\":1796126400,"
                        + "\"created_at\":1796040000,\"in_progress_at\":1796040005,\"cancelling_at\":null,"
                        + "\"finalizing_at\":1796040009,\"completed_at\":null,\"failed_at\":null,"
                        + "\"expired_at\":null,\"cancelled_at\":null,"
                        + "\"request_counts\":{\"total\":3,\"completed\":2,\"failed\":1},"
                        + "\"usage\":{\"input_tokens\":50,\"input_tokens_details\":{\"cached_tokens\":20},"
                        + "\"output_tokens\":9,\"output_tokens_details\":{\"reasoning_tokens\":4},"
                        + "\"total_tokens\":59},"
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
                            .counting(new BatchCounts(round, door, 0, BatchUsage.NONE))
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
        NumberedState second = created("0b");
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
        FileStore files = new FileStore(config(), Clock.fixed(NOW, ZoneOffset.UTC), new SecureRandom());

        assertThat(files.list(OWNER, new FilePage.Query("", 10, false, "")).files())
                .hasSize(1);
        files.deleteExpired();
        files.deleteLeftovers();
        assertThat(store.open()).hasSize(1);
    }

    @Test
    void aVolumeThatWentAwayHasNotLostItsBatches() throws Exception {
        String id = created().batch().id();
        BatchOrder order = order(OWNER);
        Files.delete(root.resolve("sluice-files"));
        Files.move(root.resolve("owners"), root.resolve("away"));

        assertThatThrownBy(() -> store.find(OWNER, id)).isInstanceOf(FilesAwayException.class);
        assertThatThrownBy(() -> store.ids(OWNER)).isInstanceOf(FilesAwayException.class);
        assertThatThrownBy(() -> store.open()).isInstanceOf(FilesAwayException.class);
        assertThatThrownBy(() -> store.create(OWNER, order)).isInstanceOf(FilesAwayException.class);
    }

    @Test
    void aBatchNeedsAFileOfItsOwner() throws Exception {
        BatchOrder order = order("0b");

        assertThatThrownBy(() -> store.create(OWNER, order))
                .isInstanceOfSatisfying(FileRequestException.class, refused -> {
                    assertThat(refused.status()).isEqualTo(404);
                    assertThat(refused.param()).isEqualTo("input_file_id");
                });
        assertThat(store.ids(OWNER)).isEmpty();
        assertThat(root.resolve("open")).isEmptyDirectory();
    }

    @Test
    void openBatchesOfAnOwnerAreBounded() throws Exception {
        for (int i = 0; i < BatchStore.MAX_OPEN; i++) {
            created();
        }

        assertThatThrownBy(this::created).hasMessageContaining("the most it may have; wait, or cancel one");
        created("0b");
    }

    @Test
    void aPageBeginsAfterAnId() throws Exception {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            ids.add(0, created().batch().id());
        }
        ids.sort(Comparator.reverseOrder());

        BatchPage first = store.list(OWNER, "", 2);
        BatchPage rest = store.list(OWNER, ids.get(1), 2);

        assertThat(first.batches()).extracting(StoredBatch::id).containsExactly(ids.get(0), ids.get(1));
        assertThat(first.hasMore()).isTrue();
        assertThat(rest.batches()).extracting(StoredBatch::id).containsExactly(ids.get(2));
        assertThat(rest.hasMore()).isFalse();
        assertThat(store.list(OWNER, ids.get(2), 2).batches()).isEmpty();
        assertThatThrownBy(() -> BatchPage.after("../x")).hasMessageContaining("last_id");
    }

    @Test
    void whatIsOldIsForgotten() throws Exception {
        NumberedState open = created();
        NumberedState ended = next(created(), BatchStatus.FAILED);
        NumberedState damaged = created();
        Files.write(state(damaged), new byte[0]);
        Path begun = Files.createDirectory(root.resolve("owners").resolve(OWNER).resolve("batch_" + "0".repeat(36)));
        Path marker = Files.createFile(root.resolve("open").resolve(OWNER + "." + begun.getFileName()));
        BatchStore later = new BatchStore(
                config(), Clock.fixed(NOW.plus(Duration.ofDays(39)), ZoneOffset.UTC), new SecureRandom());

        store.deleteOld();
        assertThat(begun).doesNotExist();
        assertThat(marker).doesNotExist();
        assertThat(store.ids(OWNER)).hasSize(3).contains(ended.batch().id());
        later.deleteOld();

        assertThat(store.ids(OWNER)).containsExactly(open.batch().id());
        assertThat(root.resolve("open").resolve(OWNER + "." + damaged.batch().id()))
                .doesNotExist();
    }

    private Path state(NumberedState created) {
        Path place =
                root.resolve("owners").resolve(OWNER).resolve(created.batch().id());
        return place.resolve(Integer.toString(created.number())).resolve("state.json");
    }

    @Test
    void aDirectoryHasOneNameForAll() throws Exception {
        String name = store.directoryName();

        assertThat(name).matches("[0-9a-f]{16}");
        assertThat(reopened().directoryName()).isEqualTo(name);
    }
}
