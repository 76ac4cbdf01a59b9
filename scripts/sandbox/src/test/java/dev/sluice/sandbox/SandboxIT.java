package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the command as a process of its own. */
class SandboxIT {

    @TempDir
    private Path folder;

    @Test
    void runsUntilSigtermAndKeepsItsData() throws Exception {
        Process sandbox = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Sandbox.class.getName(),
                        "--port=0",
                        "--api-port=0",
                        "--data=" + folder))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader output = sandbox.inputReader()) {
            Map<String, String> exports = exports(output);
            new BrokerClient(exports.get("KAFKA_BOOTSTRAP_SERVERS")).createTopic("kept");
            assertThat(exports.get("TOGETHER_BASE_URL")).startsWith("http://").endsWith("/v1");
            assertThat(exports.get("TOGETHER_API_KEY")).isNotBlank();

            sandbox.toHandle().destroy();

            assertThat(sandbox.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(folder.resolve("data/kept-0")).isDirectory();
        } finally {
            sandbox.destroyForcibly();
        }
    }

    private static Map<String, String> exports(BufferedReader output) throws IOException {
        Map<String, String> exports = new HashMap<>();
        for (String line = output.readLine(); line != null && !line.startsWith("Ctrl-C"); line = output.readLine()) {
            if (line.strip().startsWith("export ")) {
                String[] entry = line.strip().substring("export ".length()).split("=", 2);
                exports.put(entry[0], entry[1]);
            }
        }
        return exports;
    }
}
