package dev.sluice.gateway.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FileStoreTest {
    private static final String OWNER = "0a";
    private static final String OTHER = "0b";

    @TempDir
    private Path temporary;

    private Path root;
    private final SetClock clock = new SetClock();
    private FileStore store;

    /** A clock that stands where a test has put it. */
    private static final class SetClock extends Clock {
        private Instant now = Instant.parse("2026-11-30T12:00:00Z");

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    @BeforeEach
    void open() throws Exception {
        root = temporary.resolve("files");
        store = reopened();
    }

    private FileStore reopened() throws IOException {
        return new FileStore(new FilesConfig(root, 1_000, 3_000), clock, new SecureRandom());
    }

    private StoredFile put(String owner, String text) throws IOException {
        return put(owner, TestForm.batch(text.getBytes(UTF_8)).end());
    }

    private StoredFile put(String owner, byte[] form) throws IOException {
        try (FileDraft draft = store.begin(owner, TestForm.CONTENT_TYPE)) {
            draft.write(form);
            return draft.publish();
        }
    }

    private static String text(FileStore store, String owner, String id) throws IOException {
        try (FileContent content = store.content(owner, id).orElseThrow()) {
            StringBuilder text = new StringBuilder();
            for (byte[] next = content.next(7); next.length > 0; next = content.next(7)) {
                text.append(new String(next, UTF_8));
            }
            return text.toString();
        }
    }

    private long filesOnDisk() throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(Files::isRegularFile).count() - 1;
        }
    }

    @Test
    void aFileIsThereForItsOwnerAlone() throws Exception {
        StoredFile file = put(OWNER, "one\ntwo\n");

        assertThat(file.id()).matches("file-[0-9a-f]{36}");
        assertThat(file.json())
                .hasToString("{\"id\":\"" + file.id() + "\",\"object\":\"file\",\"bytes\":8,\"created_at\":1796040000,"
                        + "\"filename\":\"in.jsonl\",\"purpose\":\"batch\",\"status\":\"processed\","
                        + "\"expires_at\":1798632000}");
        FileStore otherDoor = reopened();
        assertThat(otherDoor.find(OWNER, file.id())).contains(file);
        assertThat(text(otherDoor, OWNER, file.id())).isEqualTo("one\ntwo\n");
        assertThat(store.find(OTHER, file.id())).isEmpty();
        assertThat(store.content(OTHER, file.id())).isEmpty();
        assertThat(store.delete(OTHER, file.id())).isFalse();
        assertThat(store.list(OTHER, query("", 10, false)).files()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "..",
                "../0a",
                "../../sluice-files",
                "file-",
                "file-../../../../etc/passwd",
                "file-0123456789abcdef0123456789abcdef012\u0000",
                "FILE-0123456789abcdef0123456789abcdef0123"
            })
    void whatIsNoIdIsNoFile(String id) throws Exception {
        put(OWNER, "x");

        assertThat(store.find(OWNER, id)).isEmpty();
        assertThat(store.content(OWNER, id)).isEmpty();
        assertThat(store.delete(OWNER, id)).isFalse();
        assertThat(filesOnDisk()).isEqualTo(2);
    }

    @Test
    void aDeletedFileIsGoneAndCanBeReadToItsEnd() throws Exception {
        StoredFile file = put(OWNER, "0123456789");

        try (FileContent content = store.content(OWNER, file.id()).orElseThrow()) {
            assertThat(store.delete(OWNER, file.id())).isTrue();
            assertThat(content.next(100)).hasSize(10);
            assertThat(content.next(100)).isEmpty();
        }
        assertThat(store.delete(OWNER, file.id())).isFalse();
        assertThat(store.find(OWNER, file.id())).isEmpty();
        assertThat(filesOnDisk()).isZero();
    }

    @Test
    void anUploadThatIsGivenUpLeavesNothing() throws Exception {
        try (FileDraft draft = store.begin(OWNER, TestForm.CONTENT_TYPE)) {
            draft.write(TestForm.batch("half".getBytes(UTF_8)).cut());
            assertThat(filesOnDisk()).isEqualTo(1);
        }
        assertThat(filesOnDisk()).isZero();
        assertThat(root.resolve("uploads")).isEmptyDirectory();
    }

    @Test
    void whatADoorThatDiedWasReceivingIsDeletedOnceNobodyGoesOnWithIt() throws Exception {
        FileDraft dead = store.begin(OWNER, TestForm.CONTENT_TYPE);
        dead.write(TestForm.batch("half".getBytes(UTF_8)).cut());
        store = reopened();

        store.deleteLeftovers();
        assertThat(filesOnDisk()).isEqualTo(1);
        age(FileStore.UPLOAD_SILENCE.plusSeconds(5));
        store.deleteLeftovers();

        assertThat(root.resolve("uploads")).isEmptyDirectory();
        dead.write(new TestForm().text("\r\n").end()); // it was not dead, but stopped
        assertThatThrownBy(dead::publish).isInstanceOf(NoSuchFileException.class);
        dead.close();
        assertThat(store.list(OWNER, query("", 10, false)).files()).isEmpty();
    }

    private void age(Duration age) throws IOException {
        try (Stream<Path> all = Files.walk(root.resolve("uploads"))) {
            for (Path each : all.toList()) {
                Files.setLastModifiedTime(each, FileTime.from(Instant.now().minus(age)));
            }
        }
    }

    @Test
    void aDeletionThatWasCutIsDoneByTheNextDoor() throws Exception {
        StoredFile file = put(OWNER, "x");
        Files.move(root.resolve("owners").resolve(OWNER).resolve(file.id()), root.resolve("removed/" + file.id()));

        reopened().deleteLeftovers();

        assertThat(root.resolve("removed")).isEmptyDirectory();
    }

    @Test
    void filesAreListedPageByPageInBothOrders() throws Exception {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            clock.now = clock.now.plusMillis(3);
            ids.add(put(OWNER, "x").id());
        }

        assertThat(pages(false, 2)).containsExactly(ids.get(4), ids.get(3), ids.get(2), ids.get(1), ids.get(0));
        assertThat(pages(true, 2)).containsExactlyElementsOf(ids);
        assertThat(pages(true, 5)).containsExactlyElementsOf(ids);
        assertThat(store.list(OWNER, query(ids.get(0), 10, false)).files()).isEmpty();
        assertThat(store.list(OWNER, new FilePage.Query("", 10, true, "batch")).files())
                .hasSize(5);
        assertThat(store.list(OWNER, new FilePage.Query("", 10, true, "batch_output"))
                        .files())
                .isEmpty();
    }

    /** A client that deletes what it lists has no longer the file after which it goes on. */
    private List<String> pages(boolean isAscending, int limit) throws IOException {
        List<String> all = new ArrayList<>();
        String after = "";
        FilePage page;
        do {
            page = store.list(OWNER, query(after, limit, isAscending));
            page.files().forEach(each -> all.add(each.id()));
            after = all.get(all.size() - 1);
        } while (page.hasMore());
        return all;
    }

    private static FilePage.Query query(String after, int limit, boolean isAscending) {
        return new FilePage.Query(after, limit, isAscending, "");
    }

    @Test
    void aPageBeginsAfterAFileThatWasDeletedMeanwhile() throws Exception {
        StoredFile first = put(OWNER, "x");
        clock.now = clock.now.plusMillis(1);
        StoredFile second = put(OWNER, "x");
        store.delete(OWNER, second.id());

        assertThat(store.list(OWNER, query(second.id(), 10, false)).files()).containsExactly(first);
        assertThatThrownBy(() -> query("file-1", 10, false))
                .isInstanceOfSatisfying(
                        FileRequestException.class,
                        refusal -> assertThat(refusal.param()).isEqualTo("after"));
    }

    @Test
    void nobodyStoresMoreThanHisPart() throws Exception {
        put(OWNER, "x".repeat(1_000));
        put(OWNER, "x".repeat(1_000));
        StoredFile third = put(OWNER, "x".repeat(900));

        assertThatThrownBy(() -> put(OWNER, "x".repeat(101))).hasMessageContaining("100 bytes");
        put(OTHER, "x".repeat(1_000));
        put(OWNER, "x".repeat(100));
        assertThatThrownBy(() -> put(OWNER, ""))
                .isInstanceOfSatisfying(
                        FileRequestException.class,
                        refusal -> assertThat(refusal.code()).isEqualTo("storage_quota_exceeded"));
        store.delete(OWNER, third.id());
        put(OWNER, "x".repeat(900));
    }

    @Test
    void uploadsAtTheSameTimeDoNotExceedThePartTogether() throws Exception {
        put(OWNER, "x".repeat(1_000));
        put(OWNER, "x".repeat(500));
        byte[] form = TestForm.batch("x".repeat(1_000).getBytes(UTF_8)).end();

        try (FileDraft one = store.begin(OWNER, TestForm.CONTENT_TYPE);
                FileDraft other = store.begin(OWNER, TestForm.CONTENT_TYPE)) {
            one.write(form);
            other.write(form);
            one.publish();
            assertThatThrownBy(other::publish).isInstanceOf(FileRequestException.class);
        }
        assertThat(store.list(OWNER, query("", 10, false)).files()).hasSize(3);
    }

    @Test
    void aFilePastItsTimeIsHiddenAndDeletedOnlyIfTheClockStaysThere() throws Exception {
        StoredFile file = put(
                OWNER,
                new TestForm()
                        .file("a", "x".getBytes(UTF_8))
                        .field("expires_after[anchor]", "created_at")
                        .field("expires_after[seconds]", "3600")
                        .field("purpose", "batch")
                        .end());
        Instant then = clock.now;
        clock.now = then.plusSeconds(3_600);
        assertThat(store.find(OWNER, file.id())).isEmpty();
        assertThat(store.list(OWNER, query("", 10, false)).files()).isEmpty();

        store.deleteExpired();
        clock.now = then.plusSeconds(60); // it had jumped
        store.deleteExpired();
        clock.now = then.plusSeconds(3_600);
        store.deleteExpired();
        assertThat(filesOnDisk()).isEqualTo(2);
        store.deleteExpired();

        assertThat(filesOnDisk()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "a/b/c.jsonl, c.jsonl",
        "..\\..\\c.jsonl, c.jsonl",
        "../.., ..",
        "/, unnamed",
        "'', unnamed",
        "d\u00e9j\u00e0.jsonl, d\u00e9j\u00e0.jsonl"
    })
    void aFilenameIsAWordAndNoPath(String sent, String kept) throws Exception {
        byte[] form =
                new TestForm().field("purpose", "batch").file(sent, new byte[0]).end();

        assertThat(put(OWNER, form).filename()).isEqualTo(kept);
    }

    @Test
    void aNameWithoutEndIsCut() throws Exception {
        byte[] form = new TestForm()
                .field("purpose", "batch")
                .file("\ud83d\ude00".repeat(300), new byte[0])
                .end();

        assertThat(put(OWNER, form).filename()).isEqualTo("\ud83d\ude00".repeat(255));
    }

    @ParameterizedTest
    @CsvSource({
        "purpose, fine-tune, , , purpose",
        "other, x, , , purpose",
        "expires_after[seconds], 7200, purpose, batch, expires_after[anchor]",
        "expires_after[anchor], now, purpose, batch, expires_after[anchor]",
        "expires_after[anchor], created_at, purpose, batch, expires_after[seconds]"
    })
    void aWrongFieldIsNamed(String name, String value, String second, String secondValue, String param)
            throws Exception {
        TestForm form = new TestForm().file("a", new byte[0]).field(name, value);
        byte[] bytes = (second == null ? form : form.field(second, secondValue)).end();

        assertThatThrownBy(() -> put(OWNER, bytes)).isInstanceOfSatisfying(FileRequestException.class, refusal -> {
            assertThat(refusal.param()).isEqualTo(param);
            assertThat(refusal.status()).isEqualTo(400);
        });
        assertThat(filesOnDisk()).isZero();
    }

    @Test
    void aVolumeThatWentAwayIsNoEmptyOne() throws Exception {
        StoredFile file = put(OWNER, "x");
        Path away = temporary.resolve("away");
        Files.move(root, away);
        Files.createDirectory(root); // what is left of a volume that was unmounted

        assertThatThrownBy(() -> store.find(OWNER, file.id())).isInstanceOf(FilesAwayException.class);
        assertThatThrownBy(() -> store.list(OWNER, query("", 10, false))).isInstanceOf(FilesAwayException.class);
        assertThatThrownBy(() -> store.delete(OWNER, file.id())).isInstanceOf(FilesAwayException.class);
        assertThatThrownBy(() -> put(OWNER, "y")).isInstanceOf(FilesAwayException.class);
        assertThatThrownBy(store::deleteLeftovers).isInstanceOf(FilesAwayException.class);
        assertThatThrownBy(store::deleteExpired).isInstanceOf(FilesAwayException.class);
        assertThat(root).isEmptyDirectory();

        Files.delete(root);
        Files.move(away, root);
        assertThat(text(store, OWNER, file.id())).isEqualTo("x");
    }

    @Test
    void aDamagedDescriptionHidesNoOtherFile() throws Exception {
        StoredFile damaged = put(OWNER, "x");
        clock.now = clock.now.plusMillis(1);
        StoredFile whole = put(OWNER, "y");
        Files.writeString(
                root.resolve("owners").resolve(OWNER).resolve(damaged.id()).resolve("file.json"), "{");

        assertThat(reopened().list(OWNER, query("", 10, false)).files()).containsExactly(whole);
    }

    @Test
    void aFileThatHasLostBytesIsNotSentAsIfItWereWhole() throws Exception {
        StoredFile file = put(OWNER, "0123456789");
        Files.writeString(
                root.resolve("owners").resolve(OWNER).resolve(file.id()).resolve("content"), "01234");

        assertThatThrownBy(() -> text(store, OWNER, file.id()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("lost");
    }

    @Test
    void aDirectoryWithOtherFilesIsNotTaken() throws Exception {
        Path foreign = Files.createDirectory(temporary.resolve("home"));
        Files.createDirectory(foreign.resolve("lost+found"));
        Files.writeString(foreign.resolve("thesis.tex"), "x");

        assertThatThrownBy(() -> new FileStore(new FilesConfig(foreign, 1, 1), clock, new SecureRandom()))
                .hasMessageContaining("thesis.tex");
        Files.delete(foreign.resolve("thesis.tex"));
        assertThat(new FileStore(new FilesConfig(foreign, 1, 1), clock, new SecureRandom()))
                .isNotNull();
    }

    @Test
    void aDirectoryOfAnotherReleaseIsNotTaken() throws Exception {
        Files.writeString(root.resolve("sluice-files"), "2");

        assertThatThrownBy(this::reopened).hasMessageContaining("another release");
    }

    @Test
    void aFileIsNoDirectory() throws Exception {
        Path file = Files.writeString(temporary.resolve("file"), "x");

        assertThatThrownBy(() -> new FileStore(new FilesConfig(file, 1, 1), clock, new SecureRandom()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no directory");
    }
}
