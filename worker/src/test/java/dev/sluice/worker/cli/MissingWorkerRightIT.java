package dev.sluice.worker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.AllLogLines;
import dev.sluice.worker.LogLines;
import dev.sluice.worker.Worker;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.settle.EndedRecords;
import dev.sluice.worker.threads.WorkerException;
import dev.sluice.worker.topics.AclCheck;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks that a worker without one of its rights names it and loses nothing. */
@Timeout(120)
class MissingWorkerRightIT {
    private static final Topics TOPICS = new Topics("chat");
    private static final String GROUP = "workers";
    private static final String API_KEY = "api-key";
    private static final Duration BOUND = Duration.ofSeconds(60);
    private static final List<AclGrant> GRANTS = AclGrant.worker(TOPICS, GROUP);

    @TempDir
    private static Path folder;

    private static SecuredKafka kafka;
    private static TogetherStandIn api;
    private static KafkaProducer<byte[], byte[]> producer;
    private static ReplyStatuses statuses;

    private final TestTerminal terminal = new TestTerminal().env("TOGETHER_API_KEY", API_KEY);

    @BeforeAll
    static void start() throws Exception {
        kafka = SecuredKafka.start(folder);
        api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(API_KEY));
        kafka.addUsers(AclGrant.WORKER);
        kafka.grant(GRANTS);
        kafka.createTopics(TOPICS);
        statuses = new ReplyStatuses(kafka.properties("admin"), TOPICS.replies());
        producer = new KafkaProducer<>(kafka.properties("admin"), new ByteArraySerializer(), new ByteArraySerializer());
    }

    @AfterAll
    static void stop() {
        if (producer != null) {
            producer.close();
        }
        if (api != null) {
            api.close();
        }
        if (kafka != null) { // its start may have failed
            kafka.close();
        }
    }

    static Stream<AclGrant> asked() {
        return GRANTS.stream()
                .filter(grant -> grant.operation() != AclOperation.DESCRIBE_CONFIGS)
                .filter(grant -> grant.type() != ResourceType.TRANSACTIONAL_ID)
                .filter(grant -> TOPICS.required().contains(grant.name()) || grant.type() == ResourceType.GROUP);
    }

    /** A worker asks for its rights before anything else, and does not start without an answer. */
    @ParameterizedTest
    @MethodSource("asked")
    void eachRightThatAWorkerLacksIsNamed(AclGrant missing) throws Exception {
        kafka.revoke(List.of(missing));
        try (Admin admin = Admin.create(kafka.properties(AclGrant.WORKER))) {
            assertThat(new AclCheck(admin, BOUND).ofWorker(TOPICS, GROUP))
                    .contains("Kafka does not allow it: give this user " + missing.words());
        } finally {
            kafka.grant(List.of(missing));
        }
    }

    /** Returns one right of each kind, on a topic and on the group. */
    static Stream<AclGrant> oneOfEachKind() {
        return Stream.of(
                        GRANTS.stream().filter(grant -> grant.operation() == AclOperation.WRITE),
                        GRANTS.stream().filter(grant -> grant.type() == ResourceType.TOPIC),
                        GRANTS.stream().filter(grant -> grant.type() == ResourceType.GROUP))
                .map(kind -> kind.filter(grant -> asked().anyMatch(grant::equals))
                        .findFirst()
                        .orElseThrow());
    }

    @ParameterizedTest
    @MethodSource("oneOfEachKind")
    void aWorkerThatLacksARightDoesNotStart(AclGrant missing) throws Exception {
        kafka.revoke(List.of(missing));
        try {
            int code = terminal.run(kafka.worker(api, TOPICS, GROUP));

            assertThat(terminal.err())
                    .startsWith("sluice worker: Kafka does not allow it: give this user " + missing.words())
                    .hasLineCount(1);
            assertThat(code).isEqualTo(2);
        } finally {
            kafka.grant(List.of(missing));
        }
    }

    @Test
    void allMissingRightsAreReportedAtOnce() throws Exception {
        List<AclGrant> missing = asked().toList();
        kafka.revoke(missing);
        try {
            assertThat(terminal.run(kafka.worker(api, TOPICS, GROUP))).isEqualTo(2);

            assertThat(terminal.err())
                    .contains("give this user Read on topics chat.requests, chat.requests.delay-10m, ")
                    .contains("; Write on topics chat.replies, chat.requests.dead, ")
                    .contains("; Read on consumer group 'workers'")
                    .hasLineCount(1);
        } finally {
            kafka.grant(missing);
        }
    }

    @Test
    void withoutDescribeConfigsAWorkerOnlyWarns() throws Exception {
        Predicate<AclGrant> ofConfigs = grant -> grant.operation() == AclOperation.DESCRIBE_CONFIGS;
        List<AclGrant> missing = GRANTS.stream().filter(ofConfigs).toList();
        kafka.revoke(missing);
        try (LogLines log = new LogLines(Worker.class);
                Worker worker = worker()) {
            publish("unchecked", "?", Map.of());
            statuses.await("unchecked", "ok");

            assertThat(log.all())
                    .filteredOn(line -> line.startsWith("WARN"))
                    .hasSize(TOPICS.all().size())
                    .allMatch(line -> line.endsWith("allow DescribeConfigs"));
            assertThat(worker.health().livenessFailures()).isEmpty();
        } finally {
            kafka.grant(missing);
        }
    }

    static Stream<List<AclGrant>> toTheTopicOfWorkers() {
        AclGrant read = AclGrant.topic(AclGrant.WORKER, AclOperation.READ, TOPICS.workers());
        AclGrant write = AclGrant.topic(AclGrant.WORKER, AclOperation.WRITE, TOPICS.workers());
        return Stream.of(List.of(read), List.of(write), List.of(read, write));
    }

    @ParameterizedTest
    @MethodSource("toTheTopicOfWorkers")
    void withoutARightToTheTopicOfWorkersAWorkerOnlyWarns(List<AclGrant> missing) throws Exception {
        String id = "alone without " + missing;
        assertThat(GRANTS).containsAll(missing);
        kafka.revoke(missing);
        try (LogLines log = new LogLines(Worker.class);
                Worker worker = worker()) {
            publish(id, "?", Map.of());
            statuses.await(id, "ok");

            String rights = missing.stream().map(AclGrant::words).collect(Collectors.joining("; "));
            assertThat(log.all())
                    .filteredOn(line -> line.matches("(WARN|ERROR) .*"))
                    .singleElement()
                    .asString()
                    .contains("spends only its own part of each limit: give it " + rights + ", with kafka-acls.sh ")
                    .endsWith(" --topic chat.workers --operation Read --operation Write");
            assertThat(worker.health().livenessFailures()).isEmpty();
        } finally {
            kafka.grant(missing);
        }
    }

    @Test
    void withoutTheRightToWriteWhatTheDoorReadsAWorkerOnlyWarns() throws Exception {
        List<AclGrant> missing = List.of(
                AclGrant.topic(AclGrant.WORKER, AclOperation.WRITE, TOPICS.doorReplies()),
                AclGrant.topic(AclGrant.WORKER, AclOperation.WRITE, TOPICS.streams()));
        assertThat(GRANTS).containsAll(missing);
        kafka.revoke(missing);
        try (LogLines log = new LogLines(Worker.class);
                Worker worker = worker()) {
            publishStreamed("not at the door");
            statuses.await("not at the door", "ok");

            assertThat(log.all())
                    .filteredOn(line -> line.matches("(WARN|ERROR) .*"))
                    .satisfiesExactly(
                            line -> assertThat(line)
                                    .contains("no request of a door gets its reply: give it Write on topic "
                                            + "chat.replies.door, with ")
                                    .endsWith(" --topic chat.replies.door --operation Write"),
                            line -> assertThat(line)
                                    .contains("only once it is whole: give it Write on topic chat.streams, with ")
                                    .endsWith(" --topic chat.streams --operation Write"));
            assertThat(worker.health().livenessFailures()).isEmpty();
        } finally {
            kafka.grant(missing);
        }
    }

    @Test
    void withoutTheRightToReadWhatIsCancelledAWorkerOnlyWarns() throws Exception {
        List<AclGrant> missing = List.of(AclGrant.topic(AclGrant.WORKER, AclOperation.READ, TOPICS.cancels()));
        assertThat(GRANTS).containsAll(missing);
        kafka.revoke(missing);
        try (LogLines log = new LogLines(Worker.class);
                Worker worker = worker()) {
            publish("called whatever is cancelled", "?", Map.of());
            statuses.await("called whatever is cancelled", "ok");

            assertThat(log.all())
                    .filteredOn(line -> line.matches("(WARN|ERROR) .*"))
                    .singleElement()
                    .asString()
                    .contains("so this worker calls them all the same: give it Read on topic chat.cancels, with ")
                    .endsWith(" --topic chat.cancels --operation Read");
            assertThat(worker.health().livenessFailures()).isEmpty();
        } finally {
            kafka.grant(missing);
        }
    }

    @Test
    void withoutTheRightToDeleteRecordsAWorkerOnlySaysSo() throws Exception {
        Topics topics = new Topics("kept");
        kafka.createTopics(topics);
        kafka.grant(AclGrant.worker(topics, "keepers"));
        TopicPartition partition = new TopicPartition(topics.retry(), 0);
        producer.send(new ProducerRecord<>(partition.topic(), 0, new byte[0], new byte[0]))
                .get();
        AtomicLong nanoTime = new AtomicLong();
        try (LogLines log = new LogLines(EndedRecords.class);
                Admin operator = Admin.create(kafka.properties("admin"));
                Admin admin = Admin.create(kafka.properties(AclGrant.WORKER))) {
            operator.alterConsumerGroupOffsets("keepers", Map.of(partition, new OffsetAndMetadata(1)))
                    .all()
                    .get();
            EndedRecords records = new EndedRecords(admin, "keepers", topics, nanoTime::get);
            Map<AclOperation, String> said = new EnumMap<>(AclOperation.class);
            said.put(AclOperation.DESCRIBE, "does not show this user the groups");
            said.put(AclOperation.DELETE, "Kafka does not allow it");
            for (AclOperation missing : List.of(AclOperation.DESCRIBE, AclOperation.DELETE)) {
                int before = log.all().size();
                await().atMost(BOUND).until(() -> {
                    nanoTime.addAndGet(Duration.ofMinutes(1).toNanos());
                    records.delete(Set.of(new Assignment(partition)));
                    return log.all().size() > before;
                });
                assertThat(log.all().get(before)).startsWith("INFO").contains(said.get(missing));
                kafka.grant(AclGrant.cleaner(topics).stream()
                        .filter(grant -> grant.operation() == missing)
                        .toList());
            }
            await().atMost(BOUND).until(() -> {
                nanoTime.addAndGet(Duration.ofMinutes(1).toNanos());
                records.delete(Set.of(new Assignment(partition)));
                return operator.listOffsets(Map.of(partition, OffsetSpec.earliest()))
                                .partitionResult(partition)
                                .get()
                                .offset()
                        == 1;
            });
            assertThat(log.all().size()).as("each reason once").isEqualTo(2);
        } finally {
            kafka.revoke(AclGrant.cleaner(topics));
        }
    }

    static Stream<AclGrant> fatal() {
        return GRANTS.stream()
                .filter(grant -> grant.type() != ResourceType.TOPIC
                        || (grant.operation() == AclOperation.READ
                                && List.of(TOPICS.requests(), TOPICS.retry()).contains(grant.name())));
    }

    @ParameterizedTest
    @MethodSource("fatal")
    void aWorkerThatLosesARightEndsAndTheNextOneAnswers(AclGrant taken) throws Exception {
        String id = "after " + taken;
        try (LogLines log = new LogLines(Worker.class);
                Worker worker = worker()) {
            publish("before " + taken, "?", Map.of());
            statuses.await("before " + taken, "ok");
            CompletableFuture<Optional<Throwable>> end = CompletableFuture.supplyAsync(() -> endOf(worker));

            kafka.revoke(List.of(taken));
            publish(id, "?", Map.of());

            await().atMost(BOUND).until(end::isDone);
            assertThat(end.join().orElseThrow())
                    .isInstanceOf(WorkerException.class)
                    .hasMessageContaining("Kafka does not allow it: give this user " + taken.words());
            assertThat(log.all()).anyMatch(line -> line.startsWith("ERROR") && line.contains(taken.words()));
        } finally {
            kafka.grant(List.of(taken));
        }

        try (Worker next = worker()) {
            statuses.await(id, "ok");
            assertThat(next.health().livenessFailures()).isEmpty();
        }
    }

    @Test
    void recordsThatMayNotBeWrittenWaitForTheRight() throws Exception {
        List<String> closed =
                List.of(TOPICS.replies(), TOPICS.retry(), TOPICS.delay(Topics.Tier.TEN_SECONDS), TOPICS.dead());
        List<AclGrant> taken = GRANTS.stream()
                .filter(grant -> grant.operation() == AclOperation.WRITE && closed.contains(grant.name()))
                .toList();
        try (AllLogLines log = new AllLogLines();
                Worker worker = worker()) {
            publish("first", "?", Map.of());
            statuses.await("first", "ok");
            kafka.revoke(taken);
            String soon = Long.toString(System.currentTimeMillis() + 12_000);
            publish("fine", "?", Map.of());
            publish("broken", "? [stand-in: status=500 times=1]", Map.of());
            publish("wrong", "? [stand-in: status=400]", Map.of());
            publish("later", "?", Map.of(WireHeaders.NOT_BEFORE, soon));

            for (AclGrant grant : taken) {
                await().atMost(BOUND).until(() -> !log.with(grant.words()).isEmpty());
            }
            assertThat(List.of("fine", "broken", "wrong", "later"))
                    .allMatch(id -> statuses.of(id).isEmpty());
            assertThat(worker.health().livenessFailures()).isEmpty();

            kafka.grant(taken);
            for (String id : List.of("fine", "broken", "later")) {
                statuses.await(id, "ok");
            }
            statuses.await("wrong", "failed");
        }
    }

    private static Worker worker() throws Exception {
        return Worker.start(kafka.config(api, API_KEY, TOPICS, GROUP));
    }

    private static Optional<Throwable> endOf(Worker worker) {
        try {
            return worker.awaitEnd();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void publishStreamed(String id) throws ExecutionException, InterruptedException {
        publishBody(
                id,
                "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"?\"}]}",
                Map.of(WireHeaders.STREAM_TO, "0", WireHeaders.CORRELATION_ID, "read along"));
    }

    private static void publish(String id, String text, Map<String, String> more)
            throws ExecutionException, InterruptedException {
        publishBody(id, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}", more);
    }

    private static void publishBody(String id, String body, Map<String, String> more)
            throws ExecutionException, InterruptedException {
        RecordHeaders headers = new RecordHeaders();
        WireHeaders.set(headers, WireHeaders.ID, id);
        more.forEach((name, value) -> WireHeaders.set(headers, name, value));
        producer.send(new ProducerRecord<>(TOPICS.requests(), 0, new byte[0], body.getBytes(UTF_8), headers))
                .get();
    }
}
