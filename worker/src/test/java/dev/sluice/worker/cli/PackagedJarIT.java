package dev.sluice.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.worker.PackagedJar;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Runs the packaged jar as a process and checks exit codes and messages. */
class PackagedJarIT {
    private static final String CLOSED_PORT = "localhost:1";

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private final Map<String, String> env = new HashMap<>(Map.of("TOGETHER_API_KEY", "secret-key"));

    @TempDir
    private Path folder;

    private record Ended(int code, String out, String err) {}

    @Test
    void theVersionComesFromTheManifest() throws Exception {
        Ended ended = run("--version");

        assertThat(ended.code()).isZero();
        assertThat(ended.out()).matches("sluice \\d+\\.\\d+\\.\\d+\\S*\\s+");
    }

    @Test
    void aMissingApiKeyIsRefusedWithTheRemedy() throws Exception {
        env.clear();

        assertRefused(run("worker"), "no API key: set the environment variable TOGETHER_API_KEY, or name a file");
    }

    @Test
    void anUnreachableBrokerIsNamed() throws Exception {
        assertRefused(
                run("worker", "--bootstrap-servers", CLOSED_PORT),
                "cannot reach Kafka at localhost:1",
                "--bootstrap-servers");
        assertRefused(
                run("topics", "describe", "--bootstrap-servers", CLOSED_PORT), "cannot reach Kafka at localhost:1");
        assertRefused(
                run("ask", "--model=m", "--bootstrap-servers", CLOSED_PORT, "?"), "cannot reach Kafka at localhost:1");
        Ended gateway = run("gateway", "--bootstrap-servers", CLOSED_PORT);
        assertRefused(gateway, "cannot reach Kafka at localhost:1");
        assertThat(gateway.err()).hasLineCount(1);
    }

    @Test
    void aHostThatDoesNotExistIsNamed() throws Exception {
        assertRefused(
                run("worker", "--bootstrap-servers", "nowhere.invalid:9092"), "nowhere.invalid:9092 (unknown host)");
    }

    @Test
    void missingTopicsAreRefusedWithTheRemedy() throws Exception {
        String topic = kafka.uniqueName("missing");
        String servers = kafka.bootstrapServers();

        assertRefused(
                run("worker", "--topic", topic, "--bootstrap-servers", servers),
                "sluice topics create --topic " + topic);
        assertRefused(
                run("ask", "--model=m", "--topic", topic, "--bootstrap-servers", servers, "?"),
                "has no " + topic + ".requests",
                "sluice topics create");
    }

    @Test
    void aSubmitToMissingTopicsIsRefusedBeforeAnythingIsWritten() throws Exception {
        String topic = kafka.uniqueName("missing");
        Path batch = Files.writeString(
                folder.resolve("batch.jsonl"),
                "{\"custom_id\":\"a\",\"body\":"
                        + "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"?\"}]}}");
        Path output = folder.resolve("answers.jsonl");

        assertRefused(
                run(
                        "submit",
                        batch.toString(),
                        "--output",
                        output.toString(),
                        "--topic",
                        topic,
                        "--bootstrap-servers",
                        kafka.bootstrapServers()),
                "sluice topics create --topic " + topic);
        assertThat(output).doesNotExist();
    }

    @Test
    void aTakenPortIsNamed() throws Exception {
        String topic = kafka.uniqueName("admin");
        String servers = kafka.bootstrapServers();
        run("topics", "create", "--topic", topic, "--bootstrap-servers", servers);

        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int port = taken.getLocalPort();
            Ended ended = run("worker", "--admin-port=" + port, "--topic", topic, "--bootstrap-servers", servers);

            assertThat(ended.err()).contains("port " + port + " cannot be had", "--admin-port");
            assertThat(ended.code()).isEqualTo(2);
            assertRefused(
                    run("gateway", "--port=" + port, "--topic", topic, "--bootstrap-servers", servers),
                    "port " + port + " cannot be had at 127.0.0.1",
                    "choose another with --port");
        }
    }

    @Test
    void aSimilarOptionIsSuggestedForAnUnknownOne() throws Exception {
        assertRefused(
                run("worker", "--max-inflight=3"), "unknown option --max-inflight; did you mean --max-in-flight?");
    }

    @Test
    void aSimilarKeyIsSuggestedForAnUnknownOne() throws Exception {
        Path file = Files.writeString(folder.resolve("sluice.properties"), "max-atempts=3");

        assertRefused(
                run("worker", "--config", file.toString()), "unknown key max-atempts", "did you mean max-attempts?");
    }

    @Test
    void unreadableFilesAreNamed() throws Exception {
        Path missing = folder.resolve("missing");

        for (String option : List.of("--config", "--kafka-config", "--api-key-file")) {
            assertRefused(
                    run("worker", option, missing.toString()),
                    option + ": cannot read " + missing,
                    "there is no such file");
        }
        assertRefused(run("submit", missing.toString()), "cannot read " + missing + ": there is no such file");
    }

    @Test
    void aWrongLimitIsExplained() throws Exception {
        assertRefused(
                run("worker", "--limit=m=ten"),
                "--limit: in 'm=ten' limit 'ten' is none of 10/s, 600/min, 100/h, 50/day,");
        assertRefused(
                run("worker", "--limit=m=1/s,2/s"),
                "--limit: in 'm=1/s,2/s' limit '1/s,2/s' limits requests twice; keep one");
    }

    @Test
    void aBadBatchIsRefusedLineByLine() throws Exception {
        Path file = Files.writeString(folder.resolve("batch.jsonl"), "nonsense\n{\"custom_id\":\"a\"}\n");

        assertRefused(run("submit", file.toString()), "line 1: is no JSON", "line 2: body must be a JSON object");
    }

    private static void assertRefused(Ended ended, String... words) {
        assertThat(ended.err()).contains(words).doesNotContain("\tat ", "Exception", "secret-key");
        assertThat(ended.out()).isEmpty();
        assertThat(ended.code()).isEqualTo(2);
    }

    private Ended run(String... args) throws IOException, InterruptedException {
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        ProcessBuilder builder = PackagedJar.process(List.of(), List.of(args))
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().putAll(env);
        Process process = builder.start();
        process.getOutputStream().close();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        return new Ended(
                process.waitFor(),
                Files.readString(out, StandardCharsets.UTF_8),
                Files.readString(err, StandardCharsets.UTF_8));
    }
}
