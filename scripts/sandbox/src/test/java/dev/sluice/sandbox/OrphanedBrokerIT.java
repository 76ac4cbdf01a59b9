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

/** A broker must not survive the process that started it, even one that has no chance to say so. */
class OrphanedBrokerIT {

    @TempDir
    private Path folder;

    @Test
    void diesWithAParentThatIsKilled() throws IOException {
        assertBrokerDiesWith(startHolder());
    }

    @Test
    void diesWithAParentThatIsKilledEvenWhenSuspended() throws IOException {
        assertBrokerDiesWith(startHolder("suspended"));
    }

    private Process startHolder(String... more) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), BrokerHolder.class.getName()));
        command.add(folder.toString());
        command.addAll(List.of(more));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static void assertBrokerDiesWith(Process holder) throws IOException {
        try (BufferedReader said = holder.inputReader()) {
            long broker = Long.parseLong(said.readLine());
            assertThat(ProcessHandle.of(broker)).isPresent();

            holder.destroyForcibly();

            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(ProcessHandle.of(broker)).isEmpty());
        } finally {
            holder.destroyForcibly();
        }
    }
}
