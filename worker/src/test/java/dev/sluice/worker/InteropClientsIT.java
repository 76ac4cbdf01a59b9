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
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs clients that know nothing of Sluice against a running worker. They run the commands and scripts that the SDK's
 * README shows, with this test's broker and topics in place of the README's. A test is skipped where its client is not
 * installed.
 */
class InteropClientsIT {
    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    /**
     * The folder that .ci/run installs KafkaJS into. Node looks for modules beside a script, so the script is put
     * there.
     */
    private static final Path NPM = Path.of("target/npm");

    private static final String ABORTED = "aborted-1";

    private static TestQueue queue;
    private static TogetherStandIn api;
    private static Worker worker;

    @TempDir
    private Path folder;

    @BeforeAll
    static void open() throws Exception {
        queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
        abortReplies();
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
            assertThat(reader.output()).doesNotContain(ABORTED);
        }
    }

    @Test
    void pythonPublishesAndReadsAnswersAndErrors() throws Exception {
        String python = python();
        List<String> scripts = Readme.blocks("## Python", "python");
        assertThat(scripts).hasSize(1);
        Path script = Files.writeString(folder.resolve("readme.py"), here(scripts.get(0)));

        // -u: a terminal would have its lines at once, too
        publishesAndReads(List.of(python, "-u", script.toString()), "bad-2");
    }

    @Test
    void pythonAsksAndWaitsForItsOwnReply() throws Exception {
        List<String> scripts = Readme.blocks("### Ask and wait in Python", "python");
        assertThat(scripts).hasSize(1);
        Path script = Files.writeString(folder.resolve("ask.py"), here(scripts.get(0)));

        asksAndWaits(List.of(python(), "-u", script.toString()));
    }

    @Test
    void nodePublishesAndReadsAnswersAndErrors() throws Exception {
        requireNode();
        List<String> scripts = Readme.blocks("## Node", "javascript");
        assertThat(scripts).hasSize(1);
        Path script = Files.writeString(NPM.resolve("readme.mjs"), here(scripts.get(0)));

        publishesAndReads(List.of("node", script.toString()), "bad-3");
    }

    @Test
    void nodeAsksAndWaitsForItsOwnReply() throws Exception {
        requireNode();
        List<String> scripts = Readme.blocks("### Ask and wait in Node", "javascript");
        assertThat(scripts).hasSize(1);
        Path script = Files.writeString(NPM.resolve("ask.mjs"), here(scripts.get(0)));

        asksAndWaits(List.of("node", script.toString()));
    }

    private void requireNode() throws InterruptedException {
        if (!Files.exists(NPM.resolve("node_modules/kafkajs")) || !ClientProcess.runs(folder, List.of("node", "-v"))) {
            skip("node with kafkajs is not installed; 'npm install --prefix worker/target/npm kafkajs'");
        }
    }

    /** Runs a script that asks a question, prints the status and the reply, and ends. */
    private void asksAndWaits(List<String> command) throws Exception {
        try (ClientProcess client = ClientProcess.start(folder, command)) {
            assertThat(client.awaitLines("^ok ", 0).get(0)).contains("\"choices\"");
            client.awaitEnd();
        }
    }

    /** Runs a script that publishes one request, and prints the id, status and value of each reply. */
    private void publishesAndReads(List<String> command, String badId) throws Exception {
        RecordHeaders bad = new RecordHeaders();
        WireHeaders.set(bad, WireHeaders.ID, badId);
        queue.publish("{\"model\":\"m\"}", bad);

        try (ClientProcess client = ClientProcess.start(folder, command)) {
            String error = client.awaitLines("^" + badId + " failed ", 0).get(0);
            String answer = client.awaitLines("^[0-9a-f-]{36} ok ", 0).get(0);
            assertThat(error).endsWith(" " + replyTo(badId)).contains(" {\"error\":{");
            String id = answer.substring(0, answer.indexOf(' '));
            assertThat(answer).isEqualTo(id + " ok " + replyTo(id)).contains("\"choices\"");
            assertThat(queue.awaitRecord(queue.topics.requests(), id).key()).isEqualTo(id.getBytes(UTF_8));
            assertThat(client.output()).doesNotContain(ABORTED);
        }
    }

    /** Puts a reply of an aborted transaction at the beginning of each partition: no reader may print it. */
    private static void abortReplies() {
        Map<String, Object> config =
                Map.of("bootstrap.servers", kafka.bootstrapServers(), "transactional.id", queue.topics.base());
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.initTransactions();
            producer.beginTransaction();
            for (int partition = 0; partition < TestQueue.PARTITIONS; partition++) {
                ProducerRecord<byte[], byte[]> reply = new ProducerRecord<>(
                        queue.topics.replies(), partition, null, "{\"choices\":[]}".getBytes(UTF_8));
                WireHeaders.set(reply.headers(), WireHeaders.ID, ABORTED);
                WireHeaders.set(reply.headers(), WireHeaders.STATUS, "ok");
                // flush() waits for it, and the transaction is aborted anyhow.
                var unused = producer.send(reply);
            }
            producer.flush();
            producer.abortTransaction();
        }
    }

    /**
     * Finds a Python that has confluent-kafka. Debian's package serves its own Python only, which may not be the first.
     */
    private String python() throws InterruptedException {
        for (String python : List.of("python3", "/usr/bin/python3")) {
            if (ClientProcess.runs(folder, List.of(python, "-c", "import confluent_kafka"))) {
                return python;
            }
        }
        return skip("no python3 has confluent-kafka; 'apt-get install python3-confluent-kafka' on Debian and Ubuntu,"
                + " elsewhere 'pip install confluent-kafka'");
    }

    /** Skips a test and prints the reason, because Maven only counts skipped tests. */
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
        // a group of its own: a client that is killed stays a member for a while
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
