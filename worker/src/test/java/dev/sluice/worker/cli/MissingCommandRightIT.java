package dev.sluice.worker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.ChatQueue;
import dev.sluice.ChatRequest;
import dev.sluice.ReplyConsumer;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.cli.command.ExitCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks that commands and services without one of their rights name it. No worker runs here. */
@Timeout(120)
class MissingCommandRightIT {
    private static final Topics TOPICS = new Topics("chat");
    private static final String GROUP = "workers";
    private static final String BODY = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"?\"}]}";
    private static final List<String> LIST = List.of("dlq", "list");
    private static final List<String> REPLAY = List.of("dlq", "replay", "--yes");
    private static final List<String> STATUS = List.of("status", "--group=" + GROUP);
    private static final List<String> WORKERS = List.of("workers");
    /** It would not end if it had all rights. */
    private static final List<String> GATEWAY = List.of("gateway", "--port=0", "--files-dir=target/missing-right");

    private static final List<String> CANCEL = List.of("cancel", "some-id");
    private static final List<String> ASK_EXPRESS = List.of("ask", "--express", "--model=m", "--timeout=5s", "?");
    private static final List<String> ASK = List.of("ask", "--model=m", "--timeout=5s", "?");

    @TempDir
    private static Path folder;

    private static SecuredKafka kafka;

    private final TestTerminal terminal = new TestTerminal();

    @BeforeAll
    static void start() throws Exception {
        kafka = SecuredKafka.start(folder);
        List<AclGrant> grants = Stream.of(
                        AclGrant.publisher(TOPICS),
                        AclGrant.express(TOPICS),
                        AclGrant.reader(TOPICS),
                        AclGrant.operator(TOPICS),
                        AclGrant.watcher(TOPICS, GROUP),
                        AclGrant.submitter(TOPICS),
                        AclGrant.door(TOPICS),
                        AclGrant.creator(TOPICS))
                .flatMap(List::stream)
                .toList();
        kafka.addUsers(grants.stream().map(AclGrant::user).distinct().toArray(String[]::new));
        kafka.grant(grants);
        kafka.createTopics(TOPICS);
        putADeadLetterAndARequest();
    }

    private static void putADeadLetterAndARequest() throws Exception {
        RecordHeaders headers = new RecordHeaders();
        WireHeaders.set(headers, WireHeaders.ID, "a");
        WireHeaders.set(headers, WireHeaders.REASON, "rejected");
        byte[] body = BODY.getBytes(UTF_8);
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(kafka.properties("admin"), new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(TOPICS.dead(), 0, new byte[0], body, headers))
                    .get();
            producer.send(new ProducerRecord<>(TOPICS.requests(), body)).get();
        }
    }

    @AfterAll
    static void stop() {
        if (kafka != null) { // its start may have failed
            kafka.close();
        }
    }

    /** A command that needs a right, and the exit code without it. */
    private record Case(AclGrant missing, List<String> command, int code) {
        @Override
        public String toString() {
            return String.join(" ", command) + " without " + missing;
        }
    }

    static Stream<Case> cases() {
        List<AclGrant> operator = AclGrant.operator(TOPICS);
        return Stream.of(
                new Case(AclGrant.topic(AclGrant.OPERATOR, AclOperation.READ, TOPICS.dead()), LIST, ExitCode.FAILED),
                new Case(
                        AclGrant.topic(AclGrant.OPERATOR, AclOperation.WRITE, TOPICS.requests()),
                        REPLAY,
                        ExitCode.FAILED),
                new Case(AclGrant.topic(AclGrant.OPERATOR, AclOperation.WRITE, TOPICS.dead()), REPLAY, ExitCode.FAILED),
                new Case(
                        AclGrant.topic(AclGrant.OPERATOR, AclOperation.WRITE, TOPICS.cancels()),
                        CANCEL,
                        ExitCode.REFUSED),
                new Case(operator.get(operator.size() - 1), REPLAY, ExitCode.FAILED),
                new Case(AclGrant.group(AclGrant.WATCHER, AclOperation.DESCRIBE, GROUP), STATUS, ExitCode.REFUSED),
                new Case(
                        AclGrant.topic(AclGrant.WATCHER, AclOperation.DESCRIBE, TOPICS.replies()),
                        STATUS,
                        ExitCode.REFUSED),
                new Case(
                        AclGrant.topic(AclGrant.WATCHER, AclOperation.READ, TOPICS.workers()),
                        WORKERS,
                        ExitCode.REFUSED),
                new Case(
                        AclGrant.topic(AclGrant.SUBMITTER, AclOperation.WRITE, TOPICS.requests()),
                        ASK,
                        ExitCode.REFUSED),
                new Case(
                        AclGrant.topic(AclGrant.EXPRESS, AclOperation.WRITE, TOPICS.express()),
                        ASK_EXPRESS,
                        ExitCode.REFUSED),
                new Case(
                        AclGrant.topic(AclGrant.DOOR, AclOperation.READ, TOPICS.batchReplies()),
                        GATEWAY,
                        ExitCode.REFUSED),
                new Case(
                        AclGrant.topic(AclGrant.DOOR, AclOperation.WRITE, TOPICS.batchReplies()),
                        GATEWAY,
                        ExitCode.REFUSED),
                new Case(
                        AclGrant.topic(AclGrant.SUBMITTER, AclOperation.READ, TOPICS.replies()),
                        ASK,
                        ExitCode.REFUSED));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aCommandNamesTheMissingRight(Case one) throws Exception {
        kafka.revoke(List.of(one.missing()));
        try {
            int code = run(one.missing().user(), one.command());

            assertThat(terminal.err()).contains(one.missing().words()).doesNotContain("Exception");
            assertThat(code).isEqualTo(one.code());
        } finally {
            kafka.grant(List.of(one.missing()));
        }
    }

    @Test
    void aRightToOneTopicOfProducersIsNoneToTheOther() throws Exception {
        assertThat(run(AclGrant.SUBMITTER, ASK_EXPRESS)).isEqualTo(ExitCode.REFUSED);
        assertThat(terminal.err()).contains("Write on topic " + TOPICS.express());

        assertThat(run(AclGrant.EXPRESS, ASK)).isEqualTo(ExitCode.REFUSED);
        assertThat(terminal.err()).contains("Write on topic " + TOPICS.requests());
    }

    @Test
    void statusShowsTheRestAndNamesTheMissingRight() throws Exception {
        AclGrant missing = AclGrant.topic(AclGrant.WATCHER, AclOperation.READ, TOPICS.requests());
        AclGrant least = AclGrant.topic(AclGrant.WATCHER, AclOperation.DESCRIBE, TOPICS.requests());
        kafka.grant(List.of(least));
        kafka.revoke(List.of(missing));
        try {
            assertThat(run(AclGrant.WATCHER, STATUS)).as(terminal.err()).isZero();

            assertThat(terminal.out()).contains(missing.words());
        } finally {
            kafka.grant(List.of(missing));
            kafka.revoke(List.of(least));
        }
    }

    /** Users of a queue of an earlier release have no right to that topic. */
    @Test
    void statusShowsTheRestWithoutARightToTheTopicOfWorkers() throws Exception {
        List<AclGrant> missing = List.of(AclGrant.topic(AclGrant.WATCHER, AclOperation.READ, TOPICS.workers()));
        assertThat(AclGrant.watcher(TOPICS, GROUP)).containsAll(missing);
        kafka.revoke(missing);
        try {
            assertThat(run(AclGrant.WATCHER, STATUS)).as(terminal.err()).isZero();

            assertThat(terminal.out()).contains("requests", "dead").doesNotContain("could not be read");
        } finally {
            kafka.grant(missing);
        }
    }

    /** A user who only watches a queue may not read replies. */
    @Test
    void aRequestIsLookedForWithoutTheRightToReadReplies() throws Exception {
        List<String> lookup = new ArrayList<>(STATUS);
        lookup.add("--request=a");
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(kafka.properties("admin"), new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(TOPICS.replies(), BODY.getBytes(UTF_8)))
                    .get();
        }

        assertThat(run(AclGrant.WATCHER, lookup)).as(terminal.err()).isZero();

        AclGrant missing = AclGrant.topic(AclGrant.WATCHER, AclOperation.READ, TOPICS.replies());
        assertThat(terminal.out()).contains("request a failed for good", missing.words());
    }

    @Test
    void aSubmitCannotBeResumedWithoutTheRightToReadRequests() throws Exception {
        Path batch = Files.createTempFile(folder, "batch", ".jsonl");
        Files.writeString(batch, "{\"custom_id\":\"a\",\"body\":" + BODY + "}\n");
        List<String> submit =
                List.of("submit", batch.toString(), "--output=" + folder.resolve("answers.jsonl"), "--timeout=2s");
        AclGrant read = AclGrant.topic(AclGrant.SUBMITTER, AclOperation.READ, TOPICS.requests());
        assertThat(run(AclGrant.SUBMITTER, submit)).isEqualTo(ExitCode.FAILED);
        kafka.revoke(List.of(read));
        try {
            List<String> resume = new ArrayList<>(submit);
            resume.add("--resume");
            assertThat(run(AclGrant.SUBMITTER, resume)).isEqualTo(ExitCode.REFUSED);

            assertThat(terminal.err()).contains("--resume looks for what the earlier run has left", read.words());
        } finally {
            kafka.grant(List.of(read));
        }
    }

    @Test
    void aServiceGetsTheMissingRightInTheException() throws Exception {
        AclGrant write = AclGrant.topic(AclGrant.PUBLISHER, AclOperation.WRITE, TOPICS.requests());
        kafka.revoke(List.of(write));
        try (ChatQueue queue = ChatQueue.builder()
                .kafkaProperties(kafka.properties(AclGrant.PUBLISHER))
                .build()) {
            ChatRequest request = ChatRequest.builder().model("m").user("?").build();

            assertThatThrownBy(() -> queue.submit(request).join())
                    .hasMessageContaining("grant this client's user WRITE on the topic")
                    .hasMessageContaining(TOPICS.requests());
        } finally {
            kafka.grant(List.of(write));
        }
    }

    static Stream<AclGrant> reader() {
        return AclGrant.reader(TOPICS).stream();
    }

    @ParameterizedTest
    @MethodSource("reader")
    void aReaderOfRepliesGetsTheMissingRightInTheException(AclGrant missing) throws Exception {
        kafka.revoke(List.of(missing));
        try (ReplyConsumer replies = ReplyConsumer.builder()
                .group(AclGrant.READERS)
                .kafkaProperties(kafka.properties(AclGrant.READER))
                .handler(reply -> {})
                .start()) {
            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(() -> assertThat(replies.failure()).isPresent());
            assertThat(replies.failure().orElseThrow())
                    .hasCauseInstanceOf(AuthorizationException.class)
                    .hasMessageContaining(missing.words());
        } finally {
            kafka.grant(List.of(missing));
        }
    }

    private int run(String user, List<String> command) throws Exception {
        List<String> words = new ArrayList<>(command);
        words.add("--kafka-config=" + kafka.file(user));
        return terminal.run(words.toArray(String[]::new));
    }
}
