package dev.sluice.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.worker.kafka.KafkaClients;
import dev.sluice.worker.pool.BudgetReport;
import dev.sluice.worker.pool.LaneReport;
import dev.sluice.worker.pool.LentShares;
import dev.sluice.worker.pool.ModelsRecord;
import dev.sluice.worker.pool.PoolMember;
import dev.sluice.worker.pool.WorkerReport;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests on a real Kafka that a member of the pool goes on whatever happens to the topic of reports. */
@Timeout(180)
class PoolMemberIT {
    private static final Duration BOUND = Duration.ofSeconds(60);

    @RegisterExtension
    static final OwnBroker own = new OwnBroker();

    private final AtomicInteger lent = new AtomicInteger();
    private TestQueue queue;
    private PoolMember member;
    private Thread thread;

    @BeforeEach
    void open(TestInfo test) throws Exception {
        queue = new TestQueue(
                own.get().bootstrapServers(), test.getTestMethod().orElseThrow().getName());
    }

    @AfterEach
    void close() throws Exception {
        member.stop();
        thread.join();
        queue.close();
    }

    /** The settings for requests may delay them by seconds. By then reports are worth nothing. */
    @Test
    void settingsForRequestsDoNotDelayReports() {
        start(Map.of(
                "fetch.min.bytes", "1000000",
                "fetch.max.wait.ms", "5000",
                "max.poll.records", "1",
                "group.id", "mine",
                "group.instance.id", "mine-1",
                "enable.auto.commit", "true",
                "transactional.id", "mine",
                "acks", "1",
                "compression.type", "gzip"));

        await().atMost(Duration.ofSeconds(20)).until(() -> lent.get() > 4);
    }

    @Test
    void aTopicThatIsDeletedIsMissedInFewWordsAndUsedAgainOnceItIsBack() throws Exception {
        try (LogLines log = new LogLines(PoolMember.class)) {
            start(Map.of());
            await().atMost(BOUND).until(() -> lent.get() > 1);

            queue.delete(queue.topics.workers());
            await().atMost(BOUND).until(() -> count(log, "does not exist") > 0);
            await().during(Duration.ofSeconds(12))
                    .atMost(Duration.ofSeconds(14))
                    .until(() -> log.all().size() <= 3);
            queue.create(List.of(queue.topics.workers()));
            int before = lent.get();

            await().atMost(BOUND).until(() -> lent.get() > before);
        }
    }

    @Test
    void aMemberEndsSoonWhileKafkaIsAway() throws Exception {
        start(Map.of());
        await().atMost(BOUND).until(() -> lent.get() > 1);
        own.get().kill();
        int last = lent.get();

        await().during(Duration.ofSeconds(2)).atMost(BOUND).until(() -> lent.get() <= last + 1);
        long before = System.nanoTime();
        member.stop();
        thread.join();

        assertThat(System.nanoTime() - before).isLessThan(Duration.ofSeconds(5).toNanos());
    }

    /** The check at a worker's start has warned of it. */
    @Test
    void aRightThatIsMissingFromTheStartIsNotToldTwice() {
        try (LogLines log = new LogLines(PoolMember.class)) {
            AtomicInteger attempts = new AtomicInteger();
            start(
                    () -> {
                        attempts.incrementAndGet();
                        throw new TopicAuthorizationException(queue.topics.workers());
                    },
                    Map.of());

            await().atMost(BOUND).until(() -> attempts.get() > 1);
            assertThat(log.all()).isEmpty();
        }
    }

    private static long count(LogLines log, String words) {
        return log.all().stream().filter(line -> line.contains(words)).count();
    }

    private void start(Map<String, Object> settings) {
        Map<String, Object> kafka = new HashMap<>(settings);
        kafka.put("bootstrap.servers", own.get().bootstrapServers());
        start(() -> KafkaClients.reportReader(kafka, "w-1"), kafka);
    }

    private void start(Supplier<Consumer<byte[], byte[]>> reader, Map<String, Object> kafka) {
        Instant started = Instant.now();
        BudgetReport told = new BudgetReport(OptionalDouble.of(40), BudgetReport.Source.TOLD, 1, 100);
        LaneReport lane = new LaneReport("m", "limited", "", 100, 1, told, BudgetReport.NONE);
        member = new PoolMember(
                queue.topics.workers(),
                "w-1",
                started,
                new PoolMember.Clients(reader, () -> KafkaClients.reportWriter(kafka, "w-1")),
                () -> new WorkerReport(0, "", "", started, PoolMember.VALIDITY, 4, 4, List.of(lane)),
                ModelsRecord.Publisher.NONE,
                this::take,
                System::nanoTime);
        thread = new Thread(member, "pool-under-test");
        thread.start();
    }

    private void take(LentShares shares) {
        if (shares.byModel().containsKey("m")) {
            lent.incrementAndGet();
        }
    }
}
