package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static dev.sluice.worker.TestQueue.header;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.SandboxBroker;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.ScriptedApi.ScriptedAnswer;
import dev.sluice.worker.settle.Transactions;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;
import org.apache.kafka.common.quota.ClientQuotaFilter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests a worker whose producer Kafka slows down. */
@Timeout(240)
class BrokerQuotaIT {
    private static final double BYTES_PER_SECOND = 300_000;

    /** The quota lets them through in 35 s, and far from all of them in one transaction. */
    @Test
    void answersAreCommittedAboutAsFastAsTheQuotaAllows() throws Exception {
        int requests = 500;
        String answer = "{\"choices\":[{\"message\":{\"content\":\"" + "x".repeat(20_000) + "\"}}]}";
        try (SandboxBroker broker = SandboxBroker.start();
                TestQueue queue = new TestQueue(broker.bootstrapServers(), "chat");
                ScriptedApi api = new ScriptedApi();
                LogLines log = new LogLines(Transactions.class)) {
            api.answers(text -> new ScriptedAnswer(200, answer));
            for (int i = 0; i < requests; i++) {
                queue.publish(body("m", "question"));
            }
            limitProducers(queue);

            try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
                await().atMost(Duration.ofSeconds(90)).until(() -> queue.lag() == 0);
            }

            assertThat(queue.read(queue.topics.replies()))
                    .hasSize(requests)
                    .allSatisfy(reply ->
                            assertThat(header(reply, WireHeaders.STATUS)).isEqualTo("ok"));
            assertThat(api.calls()).isEqualTo(requests);
            assertThat(log.all().stream().filter(line -> line.contains("Transaction failed")))
                    .hasSizeLessThan(4);
        }
    }

    /** The large answer takes longer at this quota than a transaction may usually take. */
    @Test
    void anAnswerTooLargeForTheUsualTimeOfATransactionIsCommittedAndOthersAreBeforeIt() throws Exception {
        int others = 20;
        String fine = "{\"choices\":[{\"message\":{\"content\":\"fine\"}}]}";
        String large = "{\"choices\":[{\"message\":{\"content\":\"" + "x".repeat(8_000_000) + "\"}}]}";
        try (SandboxBroker broker = SandboxBroker.start();
                TestQueue queue = new TestQueue(broker.bootstrapServers(), "chat");
                ScriptedApi api = new ScriptedApi()) {
            api.answers(text -> new ScriptedAnswer(200, text.contains("large") ? large : fine));
            allow(queue, queue.topics.replies(), 16 << 20);
            limitProducers(queue);
            queue.publish(body("m", "large"));
            for (int i = 0; i < others; i++) {
                queue.publish(body("m", "other"));
            }

            try (Worker worker = Worker.start(withLargeAnswers(queue.config(api.baseUrl())))) {
                await().atMost(Duration.ofSeconds(150)).until(() -> queue.lag() == 0);
            }

            assertThat(queue.read(queue.topics.replies()))
                    .hasSize(others + 1)
                    .allSatisfy(reply ->
                            assertThat(header(reply, WireHeaders.STATUS)).isEqualTo("ok"));
            assertThat(api.calls()).isEqualTo(others + 1);
        }
    }

    private static WorkerConfig withLargeAnswers(WorkerConfig config) {
        WorkerConfig.Memory memory = config.memory();
        return new WorkerConfig(
                config.queue(),
                config.api(),
                config.pacing(),
                config.retries(),
                new WorkerConfig.Memory(
                        memory.readAhead(),
                        memory.readAheadBytes(),
                        memory.cacheBytes(),
                        memory.maxRequestBytes(),
                        16 << 20),
                config.drainTimeout());
    }

    private static void allow(TestQueue queue, String topic, int bytes) throws Exception {
        ConfigEntry size = new ConfigEntry("max.message.bytes", Integer.toString(bytes));
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        queue.admin()
                .incrementalAlterConfigs(Map.of(resource, List.of(new AlterConfigOp(size, AlterConfigOp.OpType.SET))))
                .all()
                .get();
    }

    private static void limitProducers(TestQueue queue) throws Exception {
        ClientQuotaEntity everyClient =
                new ClientQuotaEntity(Collections.singletonMap(ClientQuotaEntity.CLIENT_ID, null));
        ClientQuotaAlteration quota = new ClientQuotaAlteration(
                everyClient, List.of(new ClientQuotaAlteration.Op("producer_byte_rate", BYTES_PER_SECOND)));
        queue.admin().alterClientQuotas(List.of(quota)).all().get();
        await().atMost(Duration.ofSeconds(10))
                .until(() -> queue.admin()
                        .describeClientQuotas(ClientQuotaFilter.all())
                        .entities()
                        .get()
                        .containsValue(Map.of("producer_byte_rate", BYTES_PER_SECOND)));
    }
}
