package dev.sluice.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.SandboxBroker;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs everything that the examples need: a broker, a stand-in for the API, the topics, and the packaged worker. */
public final class RunningQueue implements AutoCloseable {
    private static final Path JAR = Path.of("..", "..", "worker", "target", "sluice.jar");
    private static final String KEY = "example-key";

    private final SandboxBroker broker = SandboxBroker.start();
    private final TogetherStandIn api;
    private final Path folder;
    private final Process worker;

    /** @param folder the folder for the logs of all processes */
    public RunningQueue(Path folder) throws IOException, InterruptedException {
        this.api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(KEY));
        this.folder = folder;
        Process topics = sluice("topics.log", "topics", "create");
        assertThat(topics.waitFor(60, TimeUnit.SECONDS) && topics.exitValue() == 0)
                .as(() -> log("topics.log"))
                .isTrue();
        this.worker = sluice("worker.log", "worker", "--limit=*=none", "--max-attempts=1", "--admin-port=0");
    }

    String bootstrapServers() {
        return broker.bootstrapServers();
    }

    /** Returns how many calls the stand-in has had whose last message is this text. */
    public int calls(String text) {
        return api.calls(text);
    }

    /** Returns the folder for the logs of all processes. */
    public Path folder() {
        return folder;
    }

    /** Starts a command of the packaged jar, which reads where everything is from its environment. */
    public Process sluice(String logName, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar", JAR.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(
                        ProcessBuilder.Redirect.appendTo(folder.resolve(logName).toFile()));
        builder.environment().keySet().removeIf(name -> name.matches("(SLUICE|TOGETHER|KAFKA)_.*"));
        builder.environment()
                .putAll(Map.of(
                        "KAFKA_BOOTSTRAP_SERVERS", broker.bootstrapServers(),
                        "TOGETHER_BASE_URL", api.baseUrl(),
                        "TOGETHER_API_KEY", KEY));
        return builder.start();
    }

    /** Returns what a process has printed so far. */
    public String log(String logName) {
        try {
            return Files.readString(folder.resolve(logName));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        worker.destroyForcibly().onExit().join();
        api.close();
        broker.close();
    }
}
