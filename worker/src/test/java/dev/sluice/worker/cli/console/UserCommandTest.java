package dev.sluice.worker.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.cli.TestTerminal;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UserCommandTest {
    private final TestTerminal terminal = new TestTerminal();

    @TempDir
    private Path folder;

    @Test
    void printsThePasswordAloneAndWritesItsHash() throws Exception {
        Path file = folder.resolve("users");

        int code = terminal.env("SLUICE_USERS_FILE", file.toString())
                .run("console", "user", "add", "ann", "--rights", "look,read,act");

        assertThat(code).isZero();
        assertThat(terminal.out()).matches("sluice-[A-Za-z0-9_-]{43}\\R");
        assertThat(terminal.err()).contains("User 'ann' added to " + file).doesNotContain("sluice-");
        assertThat(Files.readString(file)).matches("ann [0-9a-f]{64} look,read,act\\n");
    }

    @Test
    void peopleOfAProxyNeedNoPassword() throws Exception {
        Path file = folder.resolve("users");
        assertThat(terminal.run("console", "user", "add", "nginx", "--rights=proxy", "--users-file=" + file))
                .isZero();

        assertThat(terminal.run("console", "user", "add", "*", "--without-password", "--users-file=" + file))
                .isZero();
        assertThat(terminal.run(
                        "console",
                        "user",
                        "add",
                        "b@x.org",
                        "--without-password",
                        "--rights=act",
                        "--users-file=" + file))
                .isZero();

        assertThat(Files.readAllLines(file).subList(1, 3)).containsExactly("* - look", "b@x.org - act");
    }

    @Test
    void removesAUserButNotTheLastWithAPassword() throws Exception {
        Path file = folder.resolve("users");
        terminal.run("console", "user", "add", "ann", "--users-file=" + file);
        terminal.run("console", "user", "add", "bob", "--users-file=" + file);

        assertThat(terminal.run("console", "user", "remove", "ann", "--users-file=" + file))
                .isZero();

        assertThat(Files.readAllLines(file)).singleElement().asString().startsWith("bob ");
        assertThat(terminal.run("console", "user", "remove", "bob", "--users-file=" + file))
                .isEqualTo(2);
        assertThat(terminal.err()).contains("'bob' is the last user, and no console takes a file without one");
    }

    @Test
    void whatIsWrongIsSaidWithTheRemedy() {
        assertThat(terminal.run("console", "user", "add", "a b")).isEqualTo(2);
        assertThat(terminal.err())
                .contains("--users-file FILE is missing; give it, or set SLUICE_USERS_FILE")
                .contains("NAME: must be 1 to 64 letters, digits, '.', '_', '@', '+' or '-', or '*', is 'a b'");
        assertThat(terminal.run("console", "user", "add", "*", "--users-file=" + folder.resolve("users")))
                .isEqualTo(2);
        assertThat(terminal.err()).contains("'*' needs --without-password");
        assertThat(terminal.run(
                        "console", "user", "add", "ann", "--rights=write", "--users-file=" + folder.resolve("users")))
                .isEqualTo(2);
        assertThat(terminal.err()).contains("the third word must be the rights of 'ann': of look, read and act");
    }
}
