package dev.sluice.worker.cli.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.cli.TestTerminal;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyCommandTest {
    private final TestTerminal terminal = new TestTerminal();

    @TempDir
    private Path folder;

    @Test
    void printsTheKeyAloneAndWritesItsHash() throws Exception {
        Path file = folder.resolve("keys");

        // what the environment says of the door is not about one key
        int code = terminal.env("SLUICE_KEYS_FILE", file.toString())
                .env("SLUICE_MAX_WAITING", "10000")
                .run("gateway", "key", "add", "web", "--express", "--max-per-second", "5");

        assertThat(code).isZero();
        assertThat(terminal.out()).matches("sluice-[A-Za-z0-9_-]{43}\\R");
        assertThat(terminal.err()).contains("Key 'web' added to " + file).doesNotContain("sluice-");
        assertThat(Files.readString(file)).matches("web [0-9a-f]{64} express max-per-second=5\\n");
    }

    @Test
    void removesAKey() throws Exception {
        Path file = folder.resolve("keys");
        terminal.run("gateway", "key", "add", "web", "--keys-file=" + file);
        terminal.run("gateway", "key", "add", "batch", "--keys-file=" + file);

        assertThat(terminal.run("gateway", "key", "remove", "web", "--keys-file=" + file))
                .isZero();

        assertThat(Files.readAllLines(file)).singleElement().asString().startsWith("batch ");
        assertThat(terminal.run("gateway", "key", "remove", "web", "--keys-file=" + file))
                .isEqualTo(2);
        assertThat(terminal.err()).contains("--keys-file " + file + ": there is no key 'web'");
    }

    @Test
    void everythingThatIsWrongIsSaidAtOnce() {
        int code = terminal.run(
                "gateway", "key", "add", "a b", "--tenant", "two words", "--max-waiting=0", "--max-per-second=-1");

        assertThat(code).isEqualTo(2);
        assertThat(terminal.err())
                .contains("sluice gateway key add: 5 problems")
                .contains("--keys-file FILE is missing; give it, or set SLUICE_KEYS_FILE")
                .contains("NAME: must be 1 to 64 letters, digits, '.', '_' or '-', is 'a b'")
                .contains("--tenant: must be 1 to 256 bytes without white space, is 'two words'")
                .contains("--max-waiting: must be 1 to 999999999, is '0'")
                .contains("--max-per-second: must be 1 to 999999999, is '-1'");
    }

    @Test
    void aFolderThatIsNotThereIsNamed() {
        assertThat(terminal.run("gateway", "key", "add", "web", "--keys-file=" + folder.resolve("no/keys")))
                .isEqualTo(2);
        assertThat(terminal.err()).contains("its folder does not exist");
    }

    @Test
    void theGroupOfCommandsSaysWhatThereIs() {
        assertThat(terminal.run("gateway", "key")).isEqualTo(2);
        assertThat(terminal.err()).contains("say what to do: one of add, remove");
    }
}
