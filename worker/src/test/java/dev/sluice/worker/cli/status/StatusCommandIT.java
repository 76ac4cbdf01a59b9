package dev.sluice.worker.cli.status;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.Topics;
import dev.sluice.worker.cli.Cli;
import dev.sluice.worker.cli.FilledQueue;
import dev.sluice.worker.cli.LineCollector;
import dev.sluice.worker.cli.TestTerminal;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.settle.AckRuns;
import dev.sluice.worker.status.StatusReader;
import dev.sluice.worker.status.TopicBacklog;
import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class StatusCommandIT {
    private static final int PARTITIONS = 4;
    private static final int PARTITIONS_OF_A_BUNDLE = 15;
    private static final Duration HOUR = Duration.ofHours(1);

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private final TestTerminal terminal = new TestTerminal();
    private final Topics topics = new Topics(kafka.uniqueName("status"));
    private FilledQueue queue;

    @BeforeEach
    void connect() {
        queue = new FilledQueue(kafka.bootstrapServers(), topics);
    }

    @AfterEach
    void disconnect() {
        queue.close();
    }

    @Test
    void countsOpenRequestsAndReadsTheOldest() throws Exception {
        createTopics();
        queue.publish(0, 10, 10);
        queue.publish(3, 5, 10);
        queue.commit(0, 3, AckRuns.of(5, 7, 9, 10));
        queue.commit(3, 5, AckRuns.NONE);
        KafkaProducer<byte[], byte[]> worker = queue.worker();
        queue.publishEachInATransaction(worker, topics.retry(), 2, HOUR);
        queue.publishEachInATransaction(worker, topics.overflow(), 5, HOUR);
        queue.publishEachInATransaction(worker, topics.express(), 6, HOUR);
        queue.publishEachInATransaction(worker, topics.delay(Topics.Tier.ONE_MINUTE), 3, HOUR);
        queue.publishEachInATransaction(worker, topics.dead(), 4, HOUR);

        JsonNode status = json();

        JsonNode requests = topic(status, "requests");
        assertThat(requests.get("open").asLong()).isEqualTo(4);
        assertThat(requests.get("ended_ahead").asLong()).isEqualTo(3);
        assertThat(requests.get("lag").asLong()).isEqualTo(7);
        assertThat(requests.get("exact").asBoolean()).isTrue();
        assertThat(requests.get("oldest_age_ms").asLong()).isLessThan(HOUR.toMillis());
        assertThat(requests.get("partitions").get(0).get("open").asLong()).isEqualTo(4);
        assertThat(requests.get("partitions").get(3).get("open").asLong()).isZero();
        JsonNode express = topic(status, "express");
        assertThat(express.get("open").asLong()).isEqualTo(6);
        assertThat(express.get("oldest_age_ms").asLong())
                .as("a producer's word about when it was published is not believed")
                .isLessThan(HOUR.toMillis());
        assertThat(topic(status, "retry").get("open").asLong()).isEqualTo(2);
        assertThat(topic(status, "retry").get("lag").asLong()).isEqualTo(4); // a marker behind each
        assertThat(topic(status, "retry").get("oldest_age_ms").asLong())
                .isBetween(HOUR.toMillis(), 2 * HOUR.toMillis());
        assertThat(topic(status, "overflow").get("open").asLong()).isEqualTo(5);
        assertThat(topic(status, "overflow").get("partitions")).hasSize(8 * PARTITIONS);
        assertThat(topic(status, "overflow").get("oldest_age_ms").asLong())
                .isBetween(HOUR.toMillis(), 2 * HOUR.toMillis());
        assertThat(status.get("partitions").asInt()).isEqualTo(PARTITIONS);
        assertThat(topic(status, "delay-1m").get("open").asLong()).isEqualTo(3);
        assertThat(topic(status, "delay-1h").get("open").asLong()).isZero();
        assertThat(topic(status, "delay-1h").get("oldest_age_ms").isNull()).isTrue();
        assertThat(status.get("dead").get("open").asLong()).isEqualTo(4);
        assertThat(status.get("dead").get("topic").asString()).isEqualTo(topics.dead());
        assertThat(status.get("group_state").asString()).isEqualTo("empty");
    }

    @Test
    void whatWorkersTellEachOtherIsNoBacklogAndMayBeMissing() throws Exception {
        createTopics();
        KafkaProducer<byte[], byte[]> worker = queue.worker();
        worker.beginTransaction();
        worker.send(new ProducerRecord<>(topics.workers(), new byte[1], new byte[10]))
                .get();
        worker.commitTransaction();

        JsonNode with = json();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
            admin.deleteTopics(List.of(topics.workers())).all().get();
            await().until(() -> !admin.listTopics().names().get().contains(topics.workers()));
        }
        JsonNode without = json();

        for (JsonNode status : List.of(with, without)) {
            assertThat(status.get("waiting").values())
                    .hasSameSizeAs(topics.inputs())
                    .allMatch(each -> each.get("open").asLong() == 0)
                    .noneMatch(each -> each.get("topic").asString().equals(topics.workers()));
            assertThat(status.get("dead").get("open").asLong()).isZero();
            assertThat(status.get("problems").toString()).doesNotContain(topics.workers());
        }
    }

    @Test
    void aLargeBacklogIsAnUpperBoundAndItsOldestIsRead() throws Exception {
        createTopics();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            queue.publish(partition, 5, 300_000);
        }

        JsonNode requests = topic(json(), "requests");

        assertThat(requests.get("open").asLong()).isEqualTo(20);
        assertThat(requests.get("exact").asBoolean()).isFalse();
        assertThat(requests.get("partitions").values())
                .allMatch(each -> each.get("oldest_age_ms").isNumber());
        assertThat(run("status")).isZero();
        assertThat(terminal.out()).contains("<= 20", "<=: at most so many").doesNotContain("could not be read");
    }

    /** A reader remembers the oldest request for as long as it is open. */
    @Test
    void theSameReaderFindsTheOldestOfALargeBacklogWhateverIsCommitted() throws Exception {
        createTopics();
        Map<String, Object> properties = Map.of("bootstrap.servers", kafka.bootstrapServers());
        TopicPartition partition = new TopicPartition(topics.requests(), 0);
        queue.publish(0, 600, 10);
        try (StatusReader reader = new StatusReader(Admin.create(properties), properties, topics, queue.group());
                Admin admin = Admin.create(properties)) {
            long between = System.currentTimeMillis();
            assertThat(requests(reader).oldest().orElseThrow()).isLessThanOrEqualTo(between);
            Thread.sleep(5);
            queue.publish(0, 600, 10);
            for (int committed : List.of(1, 700, 2, 0)) {
                admin.alterConsumerGroupOffsets(queue.group(), Map.of(partition, new OffsetAndMetadata(committed)))
                        .all()
                        .get();
                TopicBacklog requests = requests(reader);

                assertThat(requests.open()).isEqualTo(1_200 - committed);
                assertThat(requests.oldest().orElseThrow() > between)
                        .as("committed " + committed)
                        .isEqualTo(committed > 600);
            }
        }
    }

    private TopicBacklog requests(StatusReader reader) throws InterruptedException {
        return reader.read().inputs().stream()
                .filter(topic -> topic.topic().equals(topics.requests()))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void anOpenTransactionIsNeitherCountedNorWaitedFor() throws Exception {
        createTopics();
        queue.publish(0, 2, 10);
        queue.commit(0, 1, AckRuns.NONE);
        KafkaProducer<byte[], byte[]> worker = queue.worker();
        worker.beginTransaction();
        worker.send(new ProducerRecord<>(topics.retry(), 0, null, new byte[10])).get();
        worker.sendOffsetsToTransaction(Map.of(queue.requests(0), new OffsetAndMetadata(2)), queue.groupMetadata());

        JsonNode during = json();
        worker.commitTransaction();
        JsonNode after = json();

        assertThat(topic(during, "requests").get("open").asLong()).isEqualTo(1);
        assertThat(topic(during, "retry").get("open").asLong()).isZero();
        assertThat(topic(after, "requests").get("open").asLong()).isZero();
        assertThat(topic(after, "retry").get("open").asLong()).isEqualTo(1);
    }

    @Test
    void workersAndTheirSharesAreShown() throws Exception {
        createTopics();
        try (Consumer<byte[], byte[]> one = queue.member("one");
                Consumer<byte[], byte[]> other = queue.member("other")) {
            await().atMost(Duration.ofSeconds(30)).until(() -> {
                one.poll(Duration.ofMillis(10));
                other.poll(Duration.ofMillis(10));
                return Stream.of(one, other).allMatch(each -> each.assignment().size() == 2 * PARTITIONS_OF_A_BUNDLE);
            });

            JsonNode status = json();

            assertThat(status.get("group_state").asString()).isEqualTo("stable");
            assertThat(status.get("workers").values())
                    .extracting(worker -> worker.get("client_id").asString())
                    .containsExactly("one", "other");
            assertThat(status.get("workers").values())
                    .allMatch(worker -> worker.get("share").asDouble() == 0.5
                            && worker.get("partitions").size() == 2
                            && !worker.get("host").asString().startsWith("/"));
            assertThat(status.get("problems")).isEmpty();
            assertThat(run("status")).isZero();
            assertThat(terminal.out()).contains("2 of 4", "50 %");
        }
    }

    @Test
    void workersOfAnEarlierReleaseAreNamedWithWhatTheyDoNotRead() throws Exception {
        createTopics();
        List<String> known = topics.inputs().stream()
                .filter(topic -> !topic.equals(topics.express()))
                .toList();
        try (Consumer<byte[], byte[]> old = queue.member("old", known);
                Consumer<byte[], byte[]> recent = queue.member("recent")) {
            await().atMost(Duration.ofSeconds(30)).until(() -> {
                old.poll(Duration.ofMillis(10));
                recent.poll(Duration.ofMillis(10));
                return old.assignment().size() == 2 * (PARTITIONS_OF_A_BUNDLE - 1)
                        && recent.assignment().size() == 2 * PARTITIONS_OF_A_BUNDLE;
            });

            JsonNode problems = json().get("problems");

            assertThat(problems.values())
                    .singleElement()
                    .extracting(JsonNode::asString)
                    .asString()
                    .contains("topic " + topics.express() + " is not read by old, of an earlier release");
        }
    }

    /** Workers of a release without overflow may take over when nothing waits there, whatever waits elsewhere. */
    @Test
    void itIsSaidWhenOverflowIsDrained() throws Exception {
        createTopics();
        queue.publish(0, 3, 10);
        queue.publishEachInATransaction(queue.worker(), topics.overflow(), 2, HOUR);

        assertThat(json().get("overflow_drained").asBoolean()).isFalse();
        run("status");
        assertThat(terminal.out()).contains("overflow is not drained: workers of a release without it would read");

        queue.commit(new TopicPartition(topics.overflow(), 1), 3, AckRuns.NONE); // behind it is a marker

        assertThat(json().get("overflow_drained").asBoolean()).isTrue();
        run("status");
        assertThat(terminal.out()).contains("overflow is drained: workers of a release without it may take over");
    }

    /**
     * An earlier release that assigns gives a new worker partitions of overflow that are not of its bundles. The new
     * worker reads overflow all the same.
     */
    @Test
    void anEarlierReleaseThatAssignsIsNamedAlone() throws Exception {
        createTopics();
        List<String> known = topics.inputs().stream()
                .filter(topic -> !topic.equals(topics.overflow()))
                .toList();
        try (Consumer<byte[], byte[]> old = queue.member("old", known);
                Consumer<byte[], byte[]> recent = queue.member("recent")) {
            await().atMost(Duration.ofSeconds(30)).until(() -> {
                old.poll(Duration.ofMillis(10));
                return old.assignment().size() == PARTITIONS * known.size();
            });
            await().atMost(Duration.ofSeconds(30)).until(() -> {
                old.poll(Duration.ofMillis(10));
                recent.poll(Duration.ofMillis(10));
                return old.assignment().size() == 2 * known.size()
                        && recent.assignment().size() == 2 * topics.inputs().size();
            });

            assertThat(json().get("problems").values())
                    .singleElement()
                    .extracting(JsonNode::asString)
                    .asString()
                    .contains("topic " + topics.overflow() + " is not read by old, of an earlier release");
        }
    }

    @Test
    void aQueueWithoutAGroupIsShownWithTheRemedy() throws Exception {
        createTopics();

        assertThat(run("status")).isZero();

        assertThat(terminal.out())
                .contains("(none)", "there is no consumer group '" + queue.group() + "'", "sluice worker");
        assertThat(terminal.err()).isEmpty();
    }

    @Test
    void requestsThatRetentionDeletedUnreadAreReported() throws Exception {
        createTopics();
        queue.publish(1, 6, 10);
        queue.commit(1, 1, AckRuns.of(2, 3));
        queue.deleteRequestsBefore(1, 4);

        JsonNode status = json();

        assertThat(topic(status, "requests").get("open").asLong()).isEqualTo(2);
        assertThat(status.get("problems").values())
                .extracting(JsonNode::asString)
                .anyMatch(
                        problem -> problem.contains(topics.requests() + "-1: retention has deleted up to 2 requests"));
    }

    @Test
    void missingTopicsAreRefusedWithTheRemedy() {
        assertThat(run("status")).isEqualTo(2);

        assertThat(terminal.err()).contains("do not exist", "sluice topics create --topic " + topics.base());
        assertThat(terminal.out()).isEmpty();
    }

    @Test
    void watchRepeatsUntilStandardOutputIsClosed() throws Exception {
        createTopics();
        LineCollector reader = new LineCollector(3);
        Terminal piped = new Terminal(
                Map.of(),
                new ByteArrayInputStream(new byte[0]),
                new PrintStream(reader, true, UTF_8),
                new PrintStream(OutputStream.nullOutputStream(), true, UTF_8),
                false,
                false);

        int code = Cli.run(piped, arguments("status", "--json", "--watch=200ms"));

        assertThat(code).isZero();
        assertThat(reader.read().lines())
                .hasSize(3)
                .allMatch(line -> JsonMapper.shared().readTree(line).has("waiting"));
    }

    private void createTopics() {
        assertThat(terminal.run(
                        "topics",
                        "create",
                        "--partitions=" + PARTITIONS,
                        "--topic=" + topics.base(),
                        "--bootstrap-servers=" + kafka.bootstrapServers()))
                .isZero();
    }

    private int run(String command, String... options) {
        return terminal.run(arguments(command, options));
    }

    private String[] arguments(String command, String... options) {
        Stream<String> where = Stream.of(
                command,
                "--bootstrap-servers=" + kafka.bootstrapServers(),
                "--topic=" + topics.base(),
                "--group=" + queue.group());
        return Stream.concat(where, Stream.of(options)).toArray(String[]::new);
    }

    private JsonNode json() {
        assertThat(run("status", "--json")).as(terminal.err()).isZero();
        List<String> lines = terminal.out().lines().toList();
        return JsonMapper.shared().readTree(lines.get(lines.size() - 1));
    }

    private static JsonNode topic(JsonNode status, String kind) {
        return status.get("waiting").values().stream()
                .filter(each -> each.get("kind").asString().equals(kind))
                .findFirst()
                .orElseThrow();
    }
}
