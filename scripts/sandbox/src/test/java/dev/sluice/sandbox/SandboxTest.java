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

/** Wrong options: one line that says what to do, and exit code 2. */
class SandboxTest {
    private final StringWriter said = new StringWriter();

    @TempDir
    private Path folder;

    @Test
    void refusesPortsInUse() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("localhost"))) {
            String port = Integer.toString(taken.getLocalPort());

            assertThat(run("--port", port)).isEqualTo(2);
            assertThat(run("--port", "0", "--api-port", port)).isEqualTo(2);
            assertThat(said.toString().lines())
                    .allMatch(line -> line.startsWith("sluice sandbox: port " + port + " can't be had"))
                    .satisfiesExactly(
                            kafka -> assertThat(kafka).endsWith("with --port"),
                            api -> assertThat(api).endsWith("with --api-port"));
        }
    }

    @Test
    void refusesAFolderItCannotMake() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "in the way");

        assertThat(run("--port", "0", "--data", file.toString())).isEqualTo(2);
        assertThat(said.toString().lines()).singleElement().asString().contains(file.toString(), "choose");
    }

    @Test
    void refusesWhatIsNoPortOrNoOption() {
        assertThat(run("--port", "70000")).isEqualTo(2);
        assertThat(run("--port", "many")).isEqualTo(2);
        assertThat(run("--prot", "1")).isEqualTo(2);
        assertThat(said.toString().lines()).hasSize(3).allMatch(line -> line.startsWith("sluice sandbox: "));
    }

    private int run(String... args) {
        return Sandbox.commandLine().setErr(new PrintWriter(said, true)).execute(args);
    }
}
