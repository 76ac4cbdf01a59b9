package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class TogetherStandInMainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final CommandLine commandLine =
            TogetherStandInMain.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));

    @Test
    void runsUntilItIsStopped(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("settings.json");
        Files.writeString(file, "{\"answers\":{\"warnings\":[\"from the file\"]}}");
        Thread running = new Thread(() -> commandLine.execute("--port", "0", "--settings", "@" + file));
        running.start();
        await().until(() -> out.toString().contains("/v1"));
        String baseUrl = out.toString().replaceAll("(?s).*(http://\\S+).*", "$1");

        assertThat(new StandInClient(baseUrl).call("x").body()).contains("from the file");

        running.interrupt();
        await().until(() -> !running.isAlive());
    }

    @Test
    void refusesInvalidSettingsWithTheReason() {
        int exit = commandLine.execute("--settings", "{\"limts\":{}}");

        assertThat(exit).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(err.toString()).contains("--settings: unknown key 'limts'; did you mean 'limits'?");
    }
}
