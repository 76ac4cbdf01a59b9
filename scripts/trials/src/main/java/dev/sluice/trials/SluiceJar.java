package dev.sluice.trials;

import dev.sluice.wire.Topics;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The packaged {@code sluice.jar}: starts its workers and makes its topics. */
public final class SluiceJar {
    public static final Topics TOPICS = new Topics("chat");
    public static final String GROUP = "sluice";

    private final JavaProgram program;
    private final JavaProgram gateway;
    private final Path logs;

    /** @param logs the folder for the logs of all processes */
    public SluiceJar(Path jar, List<String> jvmOptions, Path logs) {
        this.program = JavaProgram.sluice(jar, jvmOptions);
        this.gateway = JavaProgram.gateway(jar, jvmOptions);
        this.logs = logs;
    }

    public Path logs() {
        return logs;
    }

    /** Creates the topics. Adds partitions to the input topics if the topics exist with fewer. */
    public void createTopics(String bootstrapServers, int partitions) throws InterruptedException {
        program.run(
                logs.resolve("topics.log"),
                List.of("topics", "create", "--partitions=" + partitions, "--bootstrap-servers=" + bootstrapServers));
    }

    /**
     * Starts a worker.
     *
     * @param name the name of its log file
     * @param apiKey the key that it calls the API with, by which its calls can be told apart
     */
    public WorkerProcess startWorker(String name, String apiKey, List<String> options) {
        List<String> arguments = new ArrayList<>(List.of("worker"));
        arguments.addAll(options);
        return start(program, name, apiKey, arguments);
    }

    /** Starts to run a file of requests. Its answers lie beside it. */
    public WorkerProcess submit(Path file, List<String> options) {
        List<String> arguments =
                new ArrayList<>(List.of("submit", file.toString(), "--output=" + file.resolveSibling("answers.jsonl")));
        arguments.addAll(options);
        return program.start(logs.resolve("submit.log"), arguments, Map.of());
    }

    /** Starts an HTTP door. */
    public WorkerProcess startGateway(String name, List<String> options) {
        List<String> arguments = new ArrayList<>(List.of("gateway"));
        arguments.addAll(options);
        return gateway.start(logs.resolve(name + ".log"), arguments, Map.of());
    }

    /** Starts another program in the place of a worker. */
    public WorkerProcess start(JavaProgram other, String name, String apiKey, List<String> arguments) {
        return other.start(logs.resolve(name + ".log"), arguments, Map.of("TOGETHER_API_KEY", apiKey));
    }
}
