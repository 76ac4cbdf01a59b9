package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static dev.sluice.worker.TestQueue.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.intake.BundleAssignor;
import dev.sluice.worker.intake.EarlierBundleAssignor;
import dev.sluice.worker.kafka.KafkaClients;
import dev.sluice.worker.threads.WorkerException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests workers beside ones of an earlier release, which reads one topic less. */
@Timeout(180)
class RollingUpgradeIT {
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

    /**
     * Workers are replaced one by one. What an old one does not read waits in its bundles until a new one owns them. An
     * old one that assigns gives a new one an overflow partition for each of its bundles, as of any other topic.
     */
    @ParameterizedTest
    @ValueSource(strings = {"express", "overflow"})
    void besideAWorkerOfAnEarlierReleaseNothingIsLostOrRepeated(String kind) throws Exception {
        String newest = queue.topics.requests() + "." + kind;
        int perRound = TestQueue.PARTITIONS + queue.partitions(newest).size();
        try (OldWorker old = new OldWorker(newest)) {
            await().atMost(BOUND).until(() -> old.bundles() == TestQueue.PARTITIONS);
            publishToAllPartitions(newest, "first");
            try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
                await().atMost(BOUND).until(() -> old.bundles() == TestQueue.PARTITIONS / 2);
                int answered = 2 * TestQueue.PARTITIONS / 2;
                queue.awaitReplies(answered);
                await().during(Duration.ofSeconds(2))
                        .atMost(BOUND)
                        .until(() -> queue.read(queue.topics.replies()).size() == answered
                                && old.bundles() == TestQueue.PARTITIONS / 2);

                old.close();
                queue.awaitReplies(perRound);
                await().atMost(BOUND).until(() -> queue.lag() == 0);
            }
        }
        try (OldWorker backAgain = new OldWorker(newest)) {
            await().atMost(BOUND).until(() -> backAgain.bundles() == TestQueue.PARTITIONS);
            publishToAllPartitions(newest, "second");
        }
        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            queue.awaitReplies(2 * perRound);
            await().atMost(BOUND).until(() -> queue.lag() == 0);
        }

        assertThat(queue.read(queue.topics.replies()))
                .hasSize(2 * perRound)
                .extracting(reply -> header(reply, WireHeaders.ID))
                .doesNotHaveDuplicates();
        assertThat(api.calls()).isEqualTo(2L * perRound);
    }

    private void publishToAllPartitions(String newest, String prefix) {
        for (String topic : List.of(queue.topics.requests(), newest)) {
            for (TopicPartition partition : queue.partitions(topic)) {
                ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(
                        topic, partition.partition(), null, body("m", "?").getBytes(UTF_8));
                WireHeaders.set(record.headers(), WireHeaders.ID, prefix + "-" + partition);
                queue.send(record);
            }
        }
    }

    /** A member that reads what workers of an earlier release read. It ends no request. */
    private final class OldWorker implements AutoCloseable {
        private final Consumer<byte[], byte[]> consumer;
        private final Thread thread = new Thread(this::poll, "old-worker");
        private volatile long bundles;

        OldWorker(String newest) {
            List<String> known = queue.topics.inputs().stream()
                    .filter(topic -> !topic.equals(newest))
                    .toList();
            Class<? extends ConsumerPartitionAssignor> assignor =
                    known.contains(queue.topics.overflow()) ? BundleAssignor.class : EarlierBundleAssignor.class;
            consumer = KafkaClients.groupMember(
                    Map.of("bootstrap.servers", kafka.bootstrapServers()),
                    queue.group(),
                    "old",
                    Optional.empty(),
                    assignor,
                    Duration.ofMinutes(5));
            consumer.subscribe(known, new ConsumerRebalanceListener() {
                @Override
                public void onPartitionsRevoked(Collection<TopicPartition> revoked) {}

                @Override
                public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
                    if (!assigned.isEmpty()) {
                        consumer.seekToBeginning(assigned);
                        consumer.pause(assigned);
                    }
                }
            });
            thread.start();
        }

        private void poll() {
            try (consumer) {
                while (true) {
                    var unused = consumer.poll(Duration.ofMillis(50));
                    bundles = consumer.assignment().stream()
                            .filter(partition -> partition.topic().equals(queue.topics.requests()))
                            .count();
                }
            } catch (WakeupException closed) {
                bundles = 0;
            }
        }

        long bundles() {
            return bundles;
        }

        @Override
        public void close() {
            consumer.wakeup();
            try {
                thread.join(BOUND.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Earlier releases have made every other topic. */
    @ParameterizedTest
    @ValueSource(strings = {"express", "overflow"})
    void aWorkerSaysWhatAnOlderQueueLacksAndHowItGetsIt(String kind) throws Exception {
        String lacking = queue.topics.requests() + "." + kind;
        queue.admin().deleteTopics(List.of(lacking)).all().get();
        await().atMost(BOUND)
                .until(() -> !queue.admin().listTopics().names().get().contains(lacking));

        assertThatThrownBy(() -> Worker.start(queue.config(api.baseUrl())))
                .isInstanceOf(WorkerException.class)
                .hasMessageContaining("topic " + lacking + " does not exist; create what is missing"
                        + " with: sluice topics create --topic " + queue.topics.base());
    }

    /** Earlier releases have made every topic but this one. */
    @Test
    void aWorkerOnlyWarnsThatAnOlderQueueLacksTheTopicOfWorkers() throws Exception {
        queue.admin().deleteTopics(List.of(queue.topics.workers())).all().get();
        await().atMost(BOUND)
                .until(() -> !queue.admin().listTopics().names().get().contains(queue.topics.workers()));

        try (LogLines log = new LogLines(Worker.class);
                Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            queue.publishBacklog(TestQueue.PARTITIONS, body("m", "?"));

            assertThat(queue.awaitReplies(TestQueue.PARTITIONS)).hasSize(TestQueue.PARTITIONS);
            assertThat(log.all())
                    .filteredOn(line -> line.matches("(WARN|ERROR) .*"))
                    .containsExactly("WARN topic " + queue.topics.workers() + " does not exist, so each worker spends"
                            + " only its own part of each limit; create it with: sluice topics create --topic "
                            + queue.topics.base());
            assertThat(worker.health().livenessFailures()).isEmpty();
        }
    }
}
