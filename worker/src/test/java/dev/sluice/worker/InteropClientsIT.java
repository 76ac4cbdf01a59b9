package dev.sluice.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.WireHeaders;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients that know nothing of Sluice, and a running worker: the very commands and the very script that the README shows,
 * with this test's broker and topics in place of the README's. Skipped where a client is not installed.
 */
class InteropClientsIT {
    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private static TestQueue queue;
    private static TogetherStandIn api;
    private static Worker worker;

    @TempDir
    private Path folder;

    @BeforeAll
    static void open() throws Exception {
        queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
        api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY));
        worker = Worker.start(queue.config(api.baseUrl()));
    }

    @AfterAll
    static void close() {
        worker.close();
        api.close();
        queue.close();
    }

    @Test
    void kcatPublishesAndReadsAnswersAndErrors() throws Exception {
        if (!ClientProcess.runs(folder, List.of("kcat", "-V"))) {
            skip("kcat is not installed; 'apt-get install kcat' on Debian and Ubuntu, 'brew install kcat' on macOS");
        }
        List<String> commands = Readme.blocks("## kcat", "sh");
        assertThat(commands).as("to publish, to read").hasSize(2);
        String publish = here(commands.get(0));

        publish(publish);
        publish(publish.replace("hello-1", "bad-1").replace("messages", "massages"));

        try (ClientProcess reader = ClientProcess.start(folder, List.of("sh", "-c", here(commands.get(1))))) {
            List<String> answer = reader.awaitLines("sluice-id=hello-1,", 1);
            List<String> error = reader.awaitLines("sluice-id=bad-1,", 1);
            assertThat(answer.get(0)).contains(",sluice-status=ok,");
            assertThat(answer.get(1)).isEqualTo(replyTo("hello-1")).contains("\"choices\"");
            assertThat(error.get(0)).contains(",sluice-status=failed,", ",sluice-reason=invalid_request");
            assertThat(error.get(1)).isEqualTo(replyTo("bad-1")).startsWith("{\"error\":{");
        }
    }

    @Test
    void pythonPublishesAndReadsAnswersAndErrors() throws Exception {
        String python = python();
        List<String> scripts = Readme.blocks("## Python", "python");
        assertThat(scripts).hasSize(1);
        Path script = Files.writeString(folder.resolve("readme.py"), here(scripts.get(0)));
        RecordHeaders bad = new RecordHeaders();
        WireHeaders.set(bad, WireHeaders.ID, "bad-2");
        queue.publish("{\"model\":\"m\"}", bad);

        // -u: a terminal would have its lines at once, too
        try (ClientProcess client = ClientProcess.start(folder, List.of(python, "-u", script.toString()))) {
            String error = client.awaitLines("^bad-2 failed ", 0).get(0);
            String answer = client.awaitLines("^[0-9a-f-]{36} ok ", 0).get(0);
            assertThat(error).endsWith(" " + replyTo("bad-2")).contains(" {\"error\":{");
            String id = answer.substring(0, answer.indexOf(' '));
            assertThat(answer).isEqualTo(id + " ok " + replyTo(id)).contains("\"choices\"");
            assertThat(queue.awaitRecord(queue.topics.requests(), id).key()).isEqualTo(id.getBytes(UTF_8));
        }
    }

    /** A Python that has confluent-kafka: Debian's package serves its own Python only, which need not be the first one. */
    private String python() throws InterruptedException {
        for (String python : List.of("python3", "/usr/bin/python3")) {
            if (ClientProcess.runs(folder, List.of(python, "-c", "import confluent_kafka"))) {
                return python;
            }
        }
        return skip("no python3 has confluent-kafka; 'apt-get install python3-confluent-kafka' on Debian and Ubuntu,"
                + " elsewhere 'pip install confluent-kafka'");
    }

    /** Says so on the console, too, where Maven only counts skipped tests. */
    private static String skip(String reason) {
        System.out.println("Skipped in InteropClientsIT: " + reason);
        return abort(reason);
    }

    private void publish(String command) throws Exception {
        try (ClientProcess publisher = ClientProcess.start(folder, List.of("sh", "-c", command))) {
            publisher.awaitEnd();
        }
    }

    private static String here(String example) {
        assertThat(example).contains("localhost:9092").containsPattern("chat\\.(requests|replies)");
        // a group of its own: whoever is killed stays a member for a while
        return example.replace("localhost:9092", kafka.bootstrapServers())
                .replace("\"billing\"", "\"" + kafka.uniqueName("billing") + "\"")
                .replace("chat.requests", queue.topics.requests())
                .replace("chat.replies", queue.topics.replies());
    }

    private static String replyTo(String id) {
        ConsumerRecord<byte[], byte[]> reply = queue.awaitRecord(queue.topics.replies(), id);
        return new String(reply.value(), UTF_8);
    }
}
