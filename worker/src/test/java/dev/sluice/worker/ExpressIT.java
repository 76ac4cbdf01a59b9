package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static dev.sluice.worker.TestQueue.header;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.Topics.Tier;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.cli.TestTerminal;
import dev.sluice.worker.pace.ConfiguredLimit;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests express requests on a real Kafka and over real HTTP, beside what fills the worker otherwise. */
@Timeout(180)
class ExpressIT {
    /** It is far less than what the requests before it would take. */
    private static final Duration SOON = Duration.ofSeconds(15);

    private static final Duration BOUND = Duration.ofSeconds(60);

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private TestQueue queue;
    private TogetherStandIn api;

    @BeforeEach
    void open() throws Exception {
        queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
        api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY));
    }

    @AfterEach
    void close() {
        api.close();
        queue.close();
    }

    /** The 2,000 requests that the worker reads ahead take 400 s, and all of them three hours. */
    @Test
    void isAnsweredWhile50000OthersOfItsModelWait() throws Exception {
        queue.publishBacklog(50_000, body("m", "later"));
        try (Worker worker = Worker.start(limited("5/s"))) {
            queue.awaitReplies(10);

            queue.publishExpress("now", body("m", "now"), new RecordHeaders());
            queue.publishExpress("again", body("m", "now [stand-in: status=503 times=1]"), new RecordHeaders());

            assertThat(header(soon("now"), WireHeaders.STATUS)).isEqualTo("ok");
            ConsumerRecord<byte[], byte[]> reply = soon("again");
            assertThat(header(reply, WireHeaders.STATUS)).isEqualTo("ok");
            assertThat(header(reply, WireHeaders.ATTEMPTS)).isEqualTo("1");
            assertThat(header(reply, WireHeaders.PRIORITY)).isEqualTo("(none)");
        }
        ConsumerRecord<byte[], byte[]> retry = queue.awaitRecord(queue.topics.retry(), "again");
        assertThat(header(retry, WireHeaders.PRIORITY)).isEqualTo("express");
    }

    @Test
    void isAnsweredWhileCallsOfAnotherModelHang() throws Exception {
        queue.publishBacklog(3_000, body("slow", "later [stand-in: latency=120s]"));
        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            await().atMost(BOUND).until(() -> api.calls() >= 64);

            for (int i = 0; i < 20; i++) {
                queue.publishExpress("now-" + i, body("quick", "now"), new RecordHeaders());
            }

            for (int i = 0; i < 20; i++) {
                assertThat(header(soon("now-" + i), WireHeaders.STATUS)).isEqualTo("ok");
            }
        }
    }

    @Test
    void aTopicSaysMoreThanAHeader() throws Exception {
        RecordHeaders forged = new RecordHeaders();
        WireHeaders.set(forged, WireHeaders.PRIORITY, WireHeaders.EXPRESS);
        WireHeaders.set(forged, WireHeaders.ID, "forged");
        queue.publish(body("m", "? [stand-in: status=503 times=1]"), forged);
        RecordHeaders counted = new RecordHeaders();
        WireHeaders.set(counted, WireHeaders.ATTEMPTS, 100);
        WireHeaders.set(counted, WireHeaders.ENQUEUED_AT, 1);
        WireHeaders.set(counted, WireHeaders.PRIORITY, "low");
        queue.publishExpress("express", body("m", "?? [stand-in: status=503 times=1]"), counted);

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            ConsumerRecord<byte[], byte[]> reply = queue.awaitRecord(queue.topics.replies(), "express");
            assertThat(header(reply, WireHeaders.STATUS)).isEqualTo("ok");
            assertThat(header(reply, WireHeaders.ATTEMPTS)).isEqualTo("1");
            assertThat(Long.parseLong(header(reply, WireHeaders.QUEUED_MS))).isLessThan(600_000);
            assertThat(header(queue.awaitRecord(queue.topics.replies(), "forged"), WireHeaders.STATUS))
                    .isEqualTo("ok");
        }

        assertThat(header(queue.awaitRecord(queue.topics.retry(), "forged"), WireHeaders.PRIORITY))
                .isEqualTo("(none)");
        assertThat(header(queue.awaitRecord(queue.topics.retry(), "express"), WireHeaders.PRIORITY))
                .isEqualTo("express");
    }

    @Test
    void staysExpressInADelayTierAndAsADeadLetter() throws Exception {
        RecordHeaders later = new RecordHeaders();
        WireHeaders.set(later, WireHeaders.NOT_BEFORE, System.currentTimeMillis() + 3_600_000);
        queue.publishExpress("later", body("m", "?"), later);
        queue.publishExpress("wrong", body("m", "? [stand-in: status=400]"), new RecordHeaders());
        queue.publishExpress("no request", "{}", new RecordHeaders());

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            assertThat(List.of(
                            queue.awaitRecord(queue.topics.delay(Tier.TEN_MINUTES), "later"),
                            queue.awaitRecord(queue.topics.dead(), "wrong"),
                            queue.awaitRecord(queue.topics.dead(), "no request")))
                    .allSatisfy(record ->
                            assertThat(header(record, WireHeaders.PRIORITY)).isEqualTo("express"));
            assertThat(header(queue.awaitRecord(queue.topics.replies(), "wrong"), WireHeaders.PRIORITY))
                    .isEqualTo("(none)");
        }
    }

    /** The calls are under way when the first run gives up. The second one finds the requests and awaits them. */
    @ParameterizedTest
    @CsvSource({"true, true", "true, false", "false, true"})
    void aResumedSubmitFindsItsRequestsWhicheverTopicTheyAreOn(boolean first, boolean second, @TempDir Path folder)
            throws Exception {
        api.update(settings -> settings.withLatency(LatencyModel.fixed(Duration.ofSeconds(4))));
        Path batch = Files.writeString(folder.resolve("batch.jsonl"), body("m", "one") + "\n" + body("m", "two"));
        Path answers = folder.resolve("answers.jsonl");
        TestTerminal terminal = new TestTerminal();
        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            assertThat(submit(terminal, batch, answers, first, "--timeout=2s")).isEqualTo(1);
            assertThat(submit(terminal, batch, answers, second, "--resume"))
                    .as(terminal.err())
                    .isZero();
        }

        assertThat(Files.readAllLines(answers)).hasSize(2);
        assertThat(queue.read(first ? queue.topics.express() : queue.topics.requests()))
                .hasSize(2);
        assertThat(api.calls()).isEqualTo(2);
    }

    private int submit(TestTerminal terminal, Path batch, Path answers, boolean express, String option) {
        List<String> arguments = new ArrayList<>(List.of("submit", batch.toString(), "--output=" + answers, option));
        arguments.add("--bootstrap-servers=" + kafka.bootstrapServers());
        arguments.add("--topic=" + queue.topics.base());
        arguments.add("--group=" + queue.group());
        if (express) {
            arguments.add("--express");
        }
        return terminal.run(arguments.toArray(String[]::new));
    }

    private WorkerConfig limited(String limit) {
        return queue.config(api.baseUrl(), Map.of("*", ConfiguredLimit.parse(limit)), List.of());
    }

    private ConsumerRecord<byte[], byte[]> soon(String id) {
        return await().atMost(SOON)
                .until(
                        () -> queue.read(queue.topics.replies()).stream()
                                .filter(record -> header(record, WireHeaders.ID).equals(id))
                                .toList(),
                        found -> !found.isEmpty())
                .get(0);
    }
}
