package dev.sluice.worker.cli.dlq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.cli.TestTerminal;
import dev.sluice.worker.deadletters.DeadLetterReplay;
import dev.sluice.worker.kafka.KafkaClients;
import dev.sluice.worker.status.QueueStatus;
import dev.sluice.worker.status.StatusReader;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Tests that {@code sluice status} counts the dead letters that {@code sluice dlq list} lists. */
class DeadLetterStatusIT {
    private static final Map<String, String> LETTER = Map.of(WireHeaders.REASON, "rejected");
    private static final String GROUP = "sluice";

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private final Map<String, Object> config = Map.of("bootstrap.servers", kafka.bootstrapServers());
    private DeadLetterBox box;
    private Admin admin;

    @BeforeEach
    void open() throws Exception {
        box = new DeadLetterBox(kafka.bootstrapServers(), kafka.uniqueName("dead"));
        admin = Admin.create(config);
    }

    @AfterEach
    void close() {
        admin.close();
        box.close();
    }

    @Test
    void neitherReplayedLettersNorTheirMarksAreCounted() {
        for (int i = 0; i < 12; i++) {
            box.put("rejected-" + i, "rejected");
            box.put("expired-" + i, "expired");
        }
        assertThat(dead()).isEqualTo(24);

        run("dlq", "replay", "--yes", "--reason=rejected", "--limit=8");

        assertThat(dead()).isEqualTo(16);
        assertThat(run("status")).containsPattern("dead letters +16 ").doesNotContain("<=");

        run("dlq", "replay", "--yes");

        assertThat(dead()).isZero();
        assertThat(json("status").get("dead").get("oldest_age_ms").isNull()).isTrue();
    }

    @Test
    void aRequestThatDiesAgainAfterItsReplayIsCountedOnce() {
        for (int replays = 0; replays < 3; replays++) {
            box.put("again", "rejected", "{}", Map.of(WireHeaders.REPLAYS, Integer.toString(replays)));
            assertThat(dead()).isEqualTo(1);

            run("dlq", "replay", "--yes");

            assertThat(dead()).isZero();
        }
    }

    @Test
    void theOldestIsTheOldestThatWasNotReplayed() {
        long now = System.currentTimeMillis();
        box.put("old", "rejected", "{}", Map.of(WireHeaders.ENQUEUED_AT, Long.toString(now - 7_200_000)));
        box.put("young", "expired", "{}", Map.of(WireHeaders.ENQUEUED_AT, Long.toString(now - 3_600_000)));
        box.flush();
        assertThat(json("status").get("dead").get("oldest_age_ms").asLong()).isGreaterThanOrEqualTo(7_200_000);

        run("dlq", "replay", "--yes", "--id=old");

        assertThat(json("status").get("dead").get("oldest_age_ms").asLong()).isBetween(3_600_000L, 7_199_999L);
    }

    /** The mark of a letter stays when retention has deleted the letter. */
    @Test
    void whatRetentionHasDeletedIsNotCounted() throws Exception {
        for (int i = 0; i < 6; i++) {
            box.putRecord(0, LETTER);
        }
        box.flush();
        run("dlq", "replay", "--yes", "--limit=3");
        assertThat(dead()).isEqualTo(3);

        deleteBefore(2);
        assertThat(dead()).isEqualTo(3);
        deleteBefore(5);
        assertThat(dead()).isEqualTo(1);
        deleteBefore(8); // a letter is left of neither, and two marks are
        assertThat(dead()).isZero();
        deleteBefore(-1);
        assertThat(dead()).isZero();
    }

    @Test
    void whatTransactionsLeaveBetweenLettersIsNotCounted() {
        try (Producer<byte[], byte[]> worker = worker("worker")) {
            worker.initTransactions();
            for (int i = 0; i < 20; i++) {
                worker.beginTransaction();
                for (int letter = 0; letter < 40; letter++) {
                    send(worker, LETTER);
                }
                if (i % 4 == 0) {
                    worker.abortTransaction();
                } else {
                    worker.commitTransaction();
                }
            }
        }

        assertThat(dead()).isEqualTo(15 * 40);
    }

    @Test
    void recordsOfStrangersAreLettersAndTheirMarksCountIfTheyNameAnEarlierLetter() {
        for (int i = 0; i < 5; i++) {
            box.putRecord(0, Map.of());
        }
        List<String> marks = List.of("1", "1", "3", "8", "5", "77", "-1", "99999999999999999999", "nonsense", "");
        marks.forEach(offset -> box.putRecord(0, Map.of(WireHeaders.REPLAYED, offset)));
        box.putRecord(0, Map.of(WireHeaders.REPLAYED, "0", WireHeaders.REASON, "rejected"));

        assertThat(dead()).isEqualTo(4);
    }

    @Test
    void aCommitOfTheWorkersGroupEndsNoLetter() throws Exception {
        box.putRecord(0, LETTER);
        box.putRecord(0, LETTER);
        admin.alterConsumerGroupOffsets(
                        GROUP, Map.of(new TopicPartition(box.topics.dead(), 0), new OffsetAndMetadata(1)))
                .all()
                .get();

        assertThat(dead()).isEqualTo(2);
    }

    @Test
    void aReplayUnderWayIsNeitherCountedNorWaitedFor() {
        box.putRecord(0, LETTER);
        box.putRecord(0, LETTER);
        box.flush();
        try (Producer<byte[], byte[]> replay = worker(DeadLetterReplay.transactionalId(box.topics))) {
            replay.initTransactions();
            replay.beginTransaction();
            send(replay, Map.of(WireHeaders.REPLAYED, "0"));
            replay.flush();
            box.putRecord(0, LETTER);
            box.flush();

            assertThat(exactly(json("status"))).isEqualTo(2);
            replay.abortTransaction();
            assertThat(dead()).isEqualTo(3);

            replay.beginTransaction();
            send(replay, Map.of(WireHeaders.REPLAYED, "0"));
            replay.flush();
            assertThat(exactly(json("status"))).isEqualTo(3);
            replay.commitTransaction();
            assertThat(dead()).isEqualTo(2);
        }
    }

    /** A watch reads each letter once, and the marks of those that it has read come later. */
    @Test
    void theSameReaderCountsOnWhileLettersDieAndAreReplayedAndDeleted() throws Exception {
        Random random = new Random(19);
        try (StatusReader reader = reader()) {
            for (int round = 0; round < 6; round++) {
                for (int i = random.nextInt(40); i > 0; i--) {
                    box.putRecord(random.nextInt(DeadLetterBox.PARTITIONS), LETTER);
                }
                box.flush();
                run("dlq", "replay", "--yes", "--limit=" + (1 + random.nextInt(20)));
                if (round % 3 == 2) {
                    deleteBefore(random.nextLong(end()));
                }

                QueueStatus status = reader.read();

                assertThat(status.dead().open()).isEqualTo(listed());
                assertThat(status.dead().exact()).isTrue();
                assertThat(status.dead().oldest().isPresent()).isEqualTo(listed() > 0);
            }
        }
    }

    @Test
    void theSameReaderBeginsAnewIfTheTopicIsMadeAnew() throws Exception {
        try (StatusReader reader = reader()) {
            for (int i = 0; i < 10; i++) {
                box.putRecord(0, LETTER);
            }
            box.flush();
            assertThat(reader.read().dead().open()).isEqualTo(10);
            admin.deleteTopics(List.of(box.topics.dead())).all().get();
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> !admin.listTopics().names().get().contains(box.topics.dead()));
            run("topics", "create", "--partitions=" + DeadLetterBox.PARTITIONS);
            box.putRecord(0, LETTER);
            box.flush();

            assertThat(reader.read().dead().open()).isEqualTo(1);
        }
    }

    /** The broker slows the reader down, as a large topic would. */
    @Test
    void tooManyLettersAreAnUpperBoundAndTheNextReadGoesOn() throws Exception {
        int letters = 3_000;
        for (int i = 0; i < letters; i++) {
            box.put("id-" + i, "rejected");
        }
        box.flush();
        run("dlq", "replay", "--yes", "--limit=100");
        setBytesPerSecond(60_000.0);
        try (StatusReader reader = reader()) {
            QueueStatus slow = reader.read();

            assertThat(slow.dead().exact()).isFalse();
            assertThat(slow.dead().open()).isBetween(letters - 100L, slow.dead().lag());
            assertThat(slow.problems()).noneMatch(problem -> problem.contains("could not be counted"));

            setBytesPerSecond(null);
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> reader.read().dead().exact());
            assertThat(reader.read().dead().open()).isEqualTo(letters - 100L);
        } finally {
            setBytesPerSecond(null);
        }
    }

    private void setBytesPerSecond(@Nullable Double rate) throws Exception {
        ClientQuotaEntity reader = new ClientQuotaEntity(Map.of(ClientQuotaEntity.CLIENT_ID, "sluice-status"));
        ClientQuotaAlteration alteration =
                new ClientQuotaAlteration(reader, List.of(new ClientQuotaAlteration.Op("consumer_byte_rate", rate)));
        admin.alterClientQuotas(List.of(alteration)).all().get();
    }

    private StatusReader reader() {
        return new StatusReader(Admin.create(config), config, box.topics, GROUP);
    }

    private Producer<byte[], byte[]> worker(String transactionalId) {
        return KafkaClients.transactionalProducer(config, transactionalId, 1 << 20);
    }

    private void send(Producer<byte[], byte[]> producer, Map<String, String> headers) {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(box.topics.dead(), 0, null, new byte[10]);
        headers.forEach((name, value) -> WireHeaders.set(record.headers(), name, value));
        var unused = producer.send(record);
    }

    private void deleteBefore(long offset) throws Exception {
        RecordsToDelete before = RecordsToDelete.beforeOffset(offset);
        admin.deleteRecords(Map.of(new TopicPartition(box.topics.dead(), 0), before))
                .all()
                .get();
    }

    private long end() throws Exception {
        TopicPartition partition = new TopicPartition(box.topics.dead(), 0);
        return admin.listOffsets(Map.of(partition, OffsetSpec.latest()))
                .partitionResult(partition)
                .get()
                .offset();
    }

    /** Returns the number of the status after a check that it is the one that the list has. */
    private long dead() {
        box.flush();
        long shown = exactly(json("status"));
        assertThat(shown).isEqualTo(listed());
        return shown;
    }

    private long listed() {
        return json("dlq", "list").get("letters").asLong();
    }

    private static long exactly(JsonNode status) {
        JsonNode dead = status.get("dead");
        assertThat(dead.get("exact").asBoolean()).isTrue();
        long sum = dead.get("partitions").values().stream()
                .mapToLong(partition -> partition.get("open").asLong())
                .sum();
        assertThat(dead.get("open").asLong()).isEqualTo(sum);
        return sum;
    }

    private JsonNode json(String... words) {
        return JsonMapper.shared()
                .readTree(
                        run(Stream.concat(Stream.of(words), Stream.of("--json")).toArray(String[]::new)));
    }

    private String run(String... words) {
        TestTerminal terminal = new TestTerminal();
        Stream<String> queue =
                Stream.of("--topic=" + box.topics.base(), "--bootstrap-servers=" + kafka.bootstrapServers());
        int code = terminal.run(Stream.concat(Stream.of(words), queue).toArray(String[]::new));
        assertThat(code).as(terminal.err()).isZero();
        return terminal.out();
    }
}
