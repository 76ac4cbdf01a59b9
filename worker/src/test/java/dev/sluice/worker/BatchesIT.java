package dev.sluice.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.gateway.batches.BatchLimits;
import dev.sluice.gateway.batches.BatchRunner;
import dev.sluice.gateway.files.BatchOrder;
import dev.sluice.gateway.files.BatchStatus;
import dev.sluice.gateway.files.BatchStore;
import dev.sluice.gateway.files.FileContent;
import dev.sluice.gateway.files.FileDraft;
import dev.sluice.gateway.files.FileStore;
import dev.sluice.gateway.files.FilesConfig;
import dev.sluice.gateway.files.SmallVolume;
import dev.sluice.gateway.files.StoredBatch;
import dev.sluice.gateway.files.TestForm;
import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.batch.KafkaBatchQueue;
import dev.sluice.worker.pace.ConfiguredLimit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Runs batches of a directory over a real Kafka and a worker. */
@Timeout(180)
class BatchesIT {
    private static final String OWNER = "0a";
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int LINES = 2_000;

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    @TempDir
    private Path root;

    private TestQueue queue;
    private TogetherStandIn api;
    private FileStore files;
    private BatchStore store;

    @BeforeEach
    void open() throws Exception {
        queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("batches"));
        api = TogetherStandIn.start(StandInSettings.DEFAULT
                .withApiKeys(TestQueue.KEY)
                .withLatency(new LatencyModel.Uniform(Duration.ofMillis(5), Duration.ofMillis(20))));
        use(root);
    }

    private void use(Path directory) throws IOException {
        FilesConfig config = new FilesConfig(directory, 1 << 28, 1L << 40);
        files = new FileStore(config, Clock.systemUTC(), new SecureRandom());
        store = new BatchStore(config, Clock.systemUTC(), new SecureRandom());
    }

    @AfterEach
    void close() {
        api.close();
        queue.close();
    }

    private BatchRunner runner() {
        return runner(BatchLimits.of(50_000, 100_000));
    }

    private BatchRunner runner(BatchLimits limits) {
        Map<String, Object> properties = Map.of("bootstrap.servers", kafka.bootstrapServers());
        return BatchRunner.start(
                store, directory -> KafkaBatchQueue.open(properties, queue.topics, directory, 100_000), limits);
    }

    private static String line(int number, String text) {
        return "{\"custom_id\":\"c" + number + "\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":"
                + TestQueue.body("m", text) + "}\n";
    }

    private static String lines(int count) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(number -> line(number, "hello " + number))
                .collect(Collectors.joining());
    }

    private String create(String lines) throws IOException {
        return create("tenant-a", lines);
    }

    private String create(String tenant, String lines) throws IOException {
        return create(tenant, lines, 3_600);
    }

    private String create(String tenant, String lines, long seconds) throws IOException {
        try (FileDraft draft = files.begin(OWNER, TestForm.CONTENT_TYPE)) {
            draft.write(TestForm.batch(lines.getBytes(UTF_8)).end());
            String file = draft.publish().id();
            BatchOrder order = new BatchOrder(file, seconds + "s", seconds, 86_400, Optional.of(tenant), Map.of());
            return store.create(OWNER, order).batch().id();
        }
    }

    private StoredBatch batch(String id) throws IOException {
        return store.find(OWNER, id).orElseThrow().batch();
    }

    private StoredBatch ended(String id) {
        return await().atMost(PATIENCE)
                .until(() -> batch(id), batch -> batch.status().isEnd());
    }

    private static void assertCounts(StoredBatch batch, int completed, int failed) {
        assertThat(batch.counts().total()).isEqualTo(completed + failed);
        assertThat(batch.counts().completed()).isEqualTo(completed);
        assertThat(batch.counts().failed()).isEqualTo(failed);
    }

    private List<String> results(Optional<String> file) throws IOException {
        try (FileContent content = files.content(OWNER, file.orElseThrow()).orElseThrow()) {
            return new String(content.next(1 << 28), UTF_8).lines().toList();
        }
    }

    @Test
    void linesAreAnsweredOrFailWithoutADeadLetter() throws Exception {
        String id = create(lines(300) + line(301, "[stand-in: status=400]"));

        try (Worker worker = Worker.start(queue.config(api.baseUrl()));
                BatchRunner runner = runner()) {
            StoredBatch batch = ended(id);

            assertThat(batch.status()).isEqualTo(BatchStatus.COMPLETED);
            assertCounts(batch, 300, 1);
            assertThat(batch.counts().usage().totalTokens()).isPositive();
            assertThat(batch.model()).contains("m");
            assertThat(results(batch.outputFileId())).hasSize(300).allMatch(each -> each.contains("You said: hello"));
            assertThat(results(batch.errorFileId()))
                    .singleElement()
                    .satisfies(each -> assertThat(each).contains("\"custom_id\":\"c301\"", "\"status_code\":400"));
        }
        assertThat(queue.read(queue.topics.dead())).isEmpty();
        assertThat(queue.read(queue.topics.replies())).isEmpty();
        assertThat(queue.read(queue.topics.requests())).hasSize(301).allSatisfy(request -> {
            assertThat(WireHeaders.text(request.headers(), WireHeaders.TENANT)).contains("tenant-a");
            assertThat(WireHeaders.text(request.headers(), WireHeaders.GROUP)).contains(id);
        });
    }

    /** A door that stops gives the batches to another one, which does not send again what is on the queue. */
    @Test
    void anotherDoorGoesOn() throws Exception {
        String id = create(lines(3_000));
        BatchRunner first = runner();
        await().atMost(PATIENCE).until(() -> queue.read(queue.topics.requests()).size() >= 400);
        first.close();

        try (Worker worker = Worker.start(queue.config(api.baseUrl()));
                BatchRunner second = runner();
                BatchRunner third = runner()) {
            await().atMost(PATIENCE).until(() -> batch(id).counts().completed() >= 500);
            second.close();

            assertCounts(ended(id), 3_000, 0);
        }
        List<String> custom = results(batch(id).outputFileId()).stream()
                .map(each -> each.replaceAll(".*\"custom_id\":\"(c\\d+)\".*", "$1"))
                .toList();
        assertThat(custom).hasSize(3_000).doesNotHaveDuplicates();
        assertThat(queue.read(queue.topics.requests())).hasSize(3_000);
    }

    @Test
    void aCancelledBatchIsNotCalledAnyMore() throws Exception {
        String id = create(lines(2_000));
        try (BatchRunner runner = runner()) {
            await().atMost(PATIENCE)
                    .until(() -> queue.read(queue.topics.requests()).size() == 2_000);
            store.cancel(OWNER, id);
            await().atMost(PATIENCE)
                    .until(() -> !queue.read(queue.topics.cancels()).isEmpty());

            try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
                StoredBatch batch = ended(id);

                assertThat(batch.status()).isEqualTo(BatchStatus.CANCELLED);
                assertThat(batch.outputFileId()).isEmpty();
                assertThat(results(batch.errorFileId()))
                        .hasSize(2_000)
                        .allMatch(each -> each.contains("\"code\":\"batch_cancelled\""));
            }
        }
        assertThat(api.calls()).isZero();
    }

    /** The worker calls one line a second, and says of the others that their time is over. */
    @Test
    void aBatchThatTakesTooLongExpiresWithWhatItHas() throws Exception {
        BatchLimits limits = new BatchLimits(100, 100_000, 100, Duration.ofMinutes(1), Duration.ZERO);
        try (Worker worker = Worker.start(limited("1/s"));
                BatchRunner runner = runner(limits)) {
            String id = create("tenant-a", lines(40), 4);

            StoredBatch batch = ended(id);

            assertThat(batch.status()).isEqualTo(BatchStatus.EXPIRED);
            assertThat(batch.counts().total()).isEqualTo(40);
            assertThat(results(batch.errorFileId()))
                    .hasSize(batch.counts().failed())
                    .hasSizeGreaterThan(20)
                    .allMatch(each -> each.contains("\"code\":\"batch_expired\""));
        }
    }

    /** Kafka takes the door for dead, and then elects it again. */
    @Test
    void aDoorThatIsElectedAgainGoesOn() throws Exception {
        String id = create(lines(LINES));
        String group = KafkaBatchQueue.group(queue.topics, store.directoryName());
        try (LogLines log = new LogLines(BatchRunner.class);
                BatchRunner runner = runner()) {
            awaitOnTheQueue();
            String first = elected(group).orElseThrow();
            queue.admin()
                    .removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions())
                    .all()
                    .get();
            await().atMost(PATIENCE)
                    .until(() -> elected(group)
                            .filter(member -> !member.equals(first))
                            .isPresent());

            try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
                assertCounts(ended(id), LINES, 0);
                assertEachLineOnce(id);
            }
            assertThat(log.all()).isEmpty();
        }
    }

    /** Returns the membership to which the group has given the batches. */
    private Optional<String> elected(String group) throws Exception {
        return queue
                .admin()
                .describeConsumerGroups(List.of(group))
                .describedGroups()
                .get(group)
                .get()
                .members()
                .stream()
                .filter(member -> !member.assignment().topicPartitions().isEmpty())
                .map(MemberDescription::consumerId)
                .findFirst();
    }

    /** Each would wait for 100 s if the 2,000 lines came first that the worker has read before it. */
    @Test
    void interactiveRequestsComeFirst() throws Exception {
        String id = create(lines(4_000));
        try (Worker worker = Worker.start(limited("20/s"));
                BatchRunner runner = runner()) {
            await().atMost(PATIENCE).until(() -> batch(id).counts().completed() >= 20);

            for (int i = 0; i < 5; i++) {
                queue.publishExpress("express-" + i, TestQueue.body("m", "now"), new RecordHeaders());
                RecordHeaders headers = new RecordHeaders();
                WireHeaders.set(headers, WireHeaders.ID, "call-" + i);
                WireHeaders.set(headers, WireHeaders.TENANT, "tenant-b");
                queue.publish(TestQueue.body("m", "soon"), headers);

                assertWaitedLittle("express-" + i);
                assertWaitedLittle("call-" + i);
            }

            assertThat(batch(id).status()).isEqualTo(BatchStatus.IN_PROGRESS);
        }
    }

    private WorkerConfig limited(String limit) {
        return queue.config(api.baseUrl(), Map.of("*", ConfiguredLimit.parse(limit)), List.of());
    }

    private void assertWaitedLittle(String id) {
        ConsumerRecord<byte[], byte[]> reply = queue.awaitRecord(queue.topics.replies(), id);
        assertThat(TestQueue.header(reply, WireHeaders.STATUS)).isEqualTo("ok");
        assertThat(Long.parseLong(TestQueue.header(reply, WireHeaders.QUEUED_MS)))
                .as(id)
                .isLessThan(5_000);
    }

    /** The smaller batch comes later, and ends when it has had as many turns as the other one. */
    @Test
    void batchesOfTwoTenantsTakeTurns() throws Exception {
        String large = create("tenant-a", lines(4_000));
        try (Worker worker = Worker.start(limited("100/s"));
                BatchRunner runner = runner()) {
            await().atMost(PATIENCE).until(() -> batch(large).counts().completed() >= 100);

            String small = create("tenant-b", lines(400));
            await().atMost(PATIENCE).until(() -> batch(small).counts().completed() > 0);
            int before = batch(large).counts().completed();

            assertCounts(ended(small), 400, 0);
            assertThat(batch(large).counts().completed() - before).isBetween(200, 800);
        }
    }

    /** The rest is written once there is room, and the log says why it is not. */
    @Test
    void aFullDiskLosesAndRepeatsNothing() throws Exception {
        try (SmallVolume volume = SmallVolume.mount(root, 16 << 20);
                LogLines log = new LogLines(BatchRunner.class)) {
            use(volume.root().resolve("files"));
            String id = create(lines(LINES));
            try (BatchRunner runner = runner()) {
                awaitOnTheQueue();
                volume.fill(20);
                try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
                    awaitStandstills(log, 1, "No space left on device");
                    assertThat(batch(id).status()).isEqualTo(BatchStatus.IN_PROGRESS);
                    assertThatThrownBy(() -> create(lines(LINES))).hasMessageContaining("No space left on device");
                    volume.fill(60);
                    awaitStandstills(log, 2, "No space left on device");
                    volume.free();

                    assertCounts(ended(id), LINES, 0);
                    assertEachLineOnce(id);
                }
            }
        }
    }

    private void awaitOnTheQueue() {
        await().atMost(PATIENCE).until(() -> queue.read(queue.topics.requests()).size() == LINES);
    }

    /** Nothing is written where the directory was, as into the empty place of a volume that was unmounted. */
    @Test
    void aDirectoryThatIsAwayForAWhileLosesAndRepeatsNothing() throws Exception {
        Path place = root.resolve("volume");
        Path away = root.resolve("away");
        use(place);
        String id = create(lines(LINES));
        try (LogLines log = new LogLines(BatchRunner.class);
                BatchRunner runner = runner()) {
            awaitOnTheQueue();
            Files.move(place, away);
            Files.createDirectory(place);
            try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
                awaitStandstills(log, 2, "is gone");
                assertThatThrownBy(() -> batch(id)).isInstanceOf(IOException.class);
                assertThat(place).isEmptyDirectory();
                Files.delete(place);
                Files.move(away, place);

                assertCounts(ended(id), LINES, 0);
                assertEachLineOnce(id);
            }
        }
    }

    private static void awaitStandstills(LogLines log, int times, String cause) {
        await().atMost(PATIENCE)
                .until(() -> log.all().stream()
                                .filter(line -> line.startsWith("ERROR Batches stand still") && line.contains(cause))
                                .count()
                        >= times);
    }

    private void assertEachLineOnce(String id) throws IOException {
        List<String> custom = results(batch(id).outputFileId()).stream()
                .map(each -> each.replaceAll(".*\"custom_id\":\"(c\\d+)\".*", "$1"))
                .toList();
        assertThat(custom).hasSize(LINES).doesNotHaveDuplicates();
        assertThat(api.calls()).isEqualTo(LINES);
    }
}
