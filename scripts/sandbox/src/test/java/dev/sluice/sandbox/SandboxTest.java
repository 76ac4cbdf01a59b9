package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests invalid options. Each prints one line that says what to do, and the exit code is 2. */
class SandboxTest {
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path folder;

    @Test
    void refusesPortsInUse() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("localhost"))) {
            String port = Integer.toString(taken.getLocalPort());

            assertThat(run("--port", port)).isEqualTo(2);
            assertThat(run("--port", "0", "--api-port", port)).isEqualTo(2);
            assertThat(err.toString().lines())
                    .allMatch(line -> line.startsWith("sluice sandbox: port " + port + " is not available"))
                    .satisfiesExactly(
                            kafka -> assertThat(kafka).endsWith("with --port"),
                            api -> assertThat(api).endsWith("with --api-port"));
        }
    }

    @Test
    void refusesAFolderItCannotCreate() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "in the way");

        assertThat(run("--port", "0", "--data", file.toString())).isEqualTo(2);
        assertThat(err.toString().lines()).singleElement().asString().contains(file.toString(), "choose");
    }

    @Test
    void refusesInvalidPortsAndUnknownOptions() {
        assertThat(run("--port", "70000")).isEqualTo(2);
        assertThat(run("--port", "many")).isEqualTo(2);
        assertThat(run("--prot", "1")).isEqualTo(2);
        assertThat(err.toString().lines()).hasSize(3).allMatch(line -> line.startsWith("sluice sandbox: "));
    }

    private int run(String... args) {
        return Sandbox.commandLine().setErr(new PrintWriter(err, true)).execute(args);
    }
}
