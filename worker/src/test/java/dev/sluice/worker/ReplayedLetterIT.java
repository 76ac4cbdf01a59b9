package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static dev.sluice.worker.TestQueue.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.CancelMark;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.cli.Cli;
import dev.sluice.worker.cli.command.Terminal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests the way of a replayed dead letter through a worker. */
class ReplayedLetterIT {
    private static final String EVIDENCE = "evidence";

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private TestQueue queue;
    private TogetherStandIn api;

    @BeforeEach
    void open() throws Exception {
        queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("replayed"));
        api = TogetherStandIn.start(
                StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY).withModels("new"));
    }

    @AfterEach
    void close() {
        api.close();
        queue.close();
    }

    @Test
    void anEditedLetterIsAnswered() throws Exception {
        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            showThatTheApiWorks();
            publish("a");
            queue.awaitRecords(queue.topics.dead(), 1);
            cancelWhatHasEnded("a");

            assertThat(replay("--set=model=new")).contains("1 sent and marked as replayed");

            ConsumerRecord<byte[], byte[]> reply = queue.awaitReplies(3).stream()
                    .filter(each -> header(each, WireHeaders.STATUS).equals("ok"))
                    .filter(each -> !header(each, WireHeaders.ID).equals(EVIDENCE))
                    .findFirst()
                    .orElseThrow();
            assertThat(header(reply, WireHeaders.ID)).isEqualTo("a");
            assertThat(header(reply, WireHeaders.REPLAYS)).isEqualTo("1");
            assertThat(replay()).contains("1 stay: they were replayed");
        }
    }

    @Test
    void aLetterThatDiesAgainIsReplayedUpToTheMaximum() throws Exception {
        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            showThatTheApiWorks();
            publish("b");
            queue.awaitRecords(queue.topics.dead(), 1);

            for (int replays = 1; replays <= 2; replays++) {
                assertThat(replay("--max-replays=2")).contains("1 sent and marked as replayed");
                int letters = 1 + 2 * replays; // each replay leaves a mark, and its request a letter
                List<ConsumerRecord<byte[], byte[]>> dead = queue.awaitRecords(queue.topics.dead(), letters);
                assertThat(dead)
                        .filteredOn(each -> header(each, WireHeaders.REASON).equals("rejected"))
                        .hasSize(1 + replays)
                        .extracting(each -> header(each, WireHeaders.REPLAYS))
                        .contains(Integer.toString(replays));
            }

            assertThat(replay("--max-replays=2")).contains("2 times or more and dead again");
            assertThat(queue.awaitReplies(4))
                    .filteredOn(each -> !header(each, WireHeaders.ID).equals(EVIDENCE))
                    .hasSize(3)
                    .allMatch(each -> header(each, WireHeaders.STATUS).equals("failed"));
            assertThat(queue.read(queue.topics.requests())).hasSize(4);
        }
    }

    /** Writes a mark that must not count for the replay, and waits until it does not: brokers' clocks may differ. */
    private void cancelWhatHasEnded(String id) {
        RecordMetadata mark = queue.send(CancelMark.ofId(id).record(queue.topics));
        await().until(() -> System.currentTimeMillis() > mark.timestamp() + 1_000);
    }

    /** Lets a request be answered. Without that a 404 may be about the URL, and makes no dead letter. */
    private void showThatTheApiWorks() {
        publish(EVIDENCE, "new");
        queue.awaitReplies(1);
    }

    private void publish(String id) {
        publish(id, "old");
    }

    private void publish(String id, String model) {
        RecordHeaders headers = new RecordHeaders();
        WireHeaders.set(headers, WireHeaders.ID, id);
        queue.publish(body(model, "Hi"), headers);
    }

    private String replay(String... options) {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(said, true, UTF_8);
        Terminal terminal = new Terminal(Map.of(), new ByteArrayInputStream(new byte[0]), out, out, false, false);
        Stream<String> words = Stream.of(
                "dlq",
                "replay",
                "--yes",
                "--topic=" + queue.topics.base(),
                "--bootstrap-servers=" + kafka.bootstrapServers());
        Cli.run(terminal, Stream.concat(words, Stream.of(options)).toArray(String[]::new));
        return said.toString(UTF_8);
    }
}
