package dev.sluice.worker.cli.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ApiKeyFileTest {
    private static final long SECOND = 1_000_000_000L;

    private final AtomicLong now = new AtomicLong();

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void writeFirstKey() throws IOException {
        file = folder.resolve("key");
        write("first\n", 1);
    }

    @Test
    void theKeyIsReadWithoutItsLineEnd() {
        assertThat(new ApiKeyFile(file, now::get).get()).isEqualTo("first");
    }

    @Test
    void aChangedFileIsReadAgainAfterASecond() throws IOException {
        ApiKeyFile key = new ApiKeyFile(file, now::get);
        write("second", 2);

        now.set(SECOND - 1);
        assertThat(key.get()).isEqualTo("first");

        now.set(SECOND);
        assertThat(key.get()).isEqualTo("second");
    }

    @Test
    void aMissingOrEmptyFileLeavesTheLastKeyInUse() throws IOException {
        ApiKeyFile key = new ApiKeyFile(file, now::get);

        Files.delete(file);
        now.set(SECOND);
        assertThat(key.get()).isEqualTo("first");

        write("", 2);
        now.set(2 * SECOND);
        assertThat(key.get()).isEqualTo("first");

        write("second", 3);
        now.set(3 * SECOND);
        assertThat(key.get()).isEqualTo("second");
    }

    @Test
    void aKeyThatCannotBeSentIsRefusedWithoutShowingIt() throws IOException {
        write("top secret\nsecond line", 2);

        assertThatThrownBy(() -> new ApiKeyFile(file, now::get))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(file.toString())
                .hasMessageNotContaining("secret");
    }

    @Test
    void toStringDoesNotShowTheKey() {
        assertThat(new ApiKeyFile(file, now::get).toString()).doesNotContain("first");
    }

    private void write(String text, long changedAt) throws IOException {
        Files.writeString(file, text);
        Files.setLastModifiedTime(file, FileTime.fromMillis(changedAt * 1000));
    }
}
