package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that no broker survives the process that started it, even if that process is killed. */
class OrphanedBrokerIT {

    @TempDir
    private Path folder;

    @Test
    void endsWithAKilledParent() throws IOException {
        assertBrokerEndsWith(startParent());
    }

    @Test
    void endsWithAKilledParentEvenIfSuspended() throws IOException {
        assertBrokerEndsWith(startParent("suspended"));
    }

    private Process startParent(String... more) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), BrokerParent.class.getName()));
        command.add(folder.toString());
        command.addAll(List.of(more));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static void assertBrokerEndsWith(Process parent) throws IOException {
        try (BufferedReader output = parent.inputReader()) {
            long broker = Long.parseLong(output.readLine());
            assertThat(ProcessHandle.of(broker)).isPresent();

            parent.destroyForcibly();

            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(ProcessHandle.of(broker)).isEmpty());
        } finally {
            parent.destroyForcibly();
        }
    }
}
